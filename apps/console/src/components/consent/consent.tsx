import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { InteractionDecision, InteractionView } from '../../api/provider-contract.ts'
import { useConsentChoices } from '../../hooks/use-consent-choices.ts'
import { identityOf } from '../../lib/consent-words.ts'
import { Button } from '../button.tsx'
import { Icon } from '../icon.tsx'
import { PageHeading } from '../page-heading.tsx'
import { Problem } from '../problem.tsx'
import { AccountChoice } from './account-choice.tsx'
import { AskedScopes } from './asked-scopes.tsx'
import { AskerClaims, AskerFacts } from './asker.tsx'

/** What was sent of a decision, and what came of it. */
export interface Sending {
  readonly variables: InteractionDecision | undefined
  readonly isPending: boolean
  readonly error: unknown
  readonly mutate: (decision: InteractionDecision) => void
  readonly reset: () => void
}

interface ConsentProps {
  view: InteractionView
  /** The code of a device. */
  code?: string
  /** Leads to signing in with another account. */
  other?: ReactNode
  sending: Sending
}

/**
 * What an application asks for, and the two ways out. What was verified comes first and largest, then
 * what the application says about itself, then the rest.
 */
export function Consent({ view, code, other, sending }: ConsentProps) {
  const choices = useConsentChoices(view)
  return (
    <div className="grid gap-5">
      <PageHeading title={identityOf(view.client).title} large>
        <p>asks to use your account</p>
      </PageHeading>
      <AskerFacts view={view} unticked={choices.unticked} code={code} />
      <AskerClaims view={view} />
      <AccountChoice
        view={view}
        organization={choices.organization}
        onOrganization={choices.setOrganization}
        other={other}
      />
      <AskedScopes view={view} unticked={choices.unticked} onChange={choices.setUnticked} />
      <Decision sending={sending} allow={choices.allow} deny={choices.deny} />
      <p className="text-sm text-muted">
        You can take this back at any time under{' '}
        <Link to={revokePath(view.revoke_url)} className="link">
          Connected apps
        </Link>
        .
      </p>
    </div>
  )
}

/** The page where access is taken back; another origin's is not ours to lead to. */
function revokePath(url: string): string {
  const { origin, pathname } = new URL(url, location.origin)
  return origin === location.origin ? pathname : '/account/apps'
}

interface DecisionProps {
  sending: Sending
  allow: InteractionDecision
  deny: InteractionDecision
}

/** Two buttons of the same weight: saying no is as easy as saying yes. */
export function Decision({ sending, allow, deny }: DecisionProps) {
  const pressed = sending.isPending ? sending.variables?.decision : undefined
  return (
    <>
      {/* After new proof the page reads the request again: the person decides on what it says then. */}
      <Problem attempt={sending} to="allow this" again={sending.reset} />
      <div className="grid grid-cols-2 gap-3">
        <Button
          busy={pressed === 'deny'}
          disabled={sending.isPending}
          onClick={() => sending.mutate(deny)}
        >
          <Icon name="cross" />
          Deny
        </Button>
        <Button
          busy={pressed === 'allow'}
          disabled={sending.isPending}
          onClick={() => sending.mutate(allow)}
        >
          <Icon name="check" />
          Allow
        </Button>
      </div>
    </>
  )
}
