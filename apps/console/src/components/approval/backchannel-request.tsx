import { useId } from 'react'
import type { BackchannelView } from '../../api/provider-contract.ts'
import { useConsentChoices } from '../../hooks/use-consent-choices.ts'
import { useBackchannelDecision } from '../../hooks/use-interaction.ts'
import { identityOf, lastingWords } from '../../lib/consent-words.ts'
import { AccountChoice } from '../consent/account-choice.tsx'
import { AskedScopes } from '../consent/asked-scopes.tsx'
import { AskerClaims } from '../consent/asker.tsx'
import { Decision } from '../consent/consent.tsx'
import { Countdown } from './countdown.tsx'

/** One request of an application that came over a back channel, with all that is needed to decide. */
export function BackchannelRequest({ view }: { view: BackchannelView }) {
  const id = useId()
  const choices = useConsentChoices(view)
  const decision = useBackchannelDecision(view.id)
  return (
    <li className="card grid gap-4 p-5 sm:p-6" aria-labelledby={id}>
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1.5">
        <h2 id={id} className="min-w-0 text-lg font-semibold wrap-anywhere">
          {identityOf(view.client).title} asks to use your account
        </h2>
        <Countdown expiresAt={view.expires_at} />
      </div>
      {view.binding_message && (
        <p className="wrap-anywhere">
          <span className="text-muted">The app must show you the same words:</span>{' '}
          <q className="font-semibold">{view.binding_message}</q>
        </p>
      )}
      <AskerClaims view={view} />
      {view.organizations.length > 0 && (
        <AccountChoice
          view={view}
          organization={choices.organization}
          onOrganization={choices.setOrganization}
        />
      )}
      <AskedScopes view={view} unticked={choices.unticked} onChange={choices.setUnticked} />
      <p className="text-sm text-muted">{lastingWords(view, choices.unticked)}</p>
      <Decision sending={decision} allow={choices.allow} deny={choices.deny} />
    </li>
  )
}
