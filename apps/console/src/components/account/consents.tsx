import { revokeConsent } from '../../api/clients.ts'
import type { ConsentView } from '../../api/provider-contract.ts'
import { useConsentChange } from '../../hooks/use-clients.ts'
import { clientName } from '../../lib/client-words.ts'
import { isNameKnown } from '../../lib/consent-words.ts'
// from '../../lib/client-words.ts'
import { Badge } from '../badge.tsx'
import { ConfirmDialog } from '../confirm-dialog.tsx'
import { Fact, FactRow, Moment } from './facts.tsx'

/** The apps that use the person's account. */
export function Consents({ consents }: { consents: readonly ConsentView[] }) {
  return (
    <section aria-labelledby="consents">
      <h2 id="consents" className="text-lg font-semibold">
        Apps that use your account
      </h2>
      <p className="mb-3 text-muted">You allowed them what stands below, and can take it back.</p>
      <ul className="grid gap-4">
        {consents.map((consent) => (
          <Consent key={`${consent.client_id} ${consent.organization_id}`} consent={consent} />
        ))}
      </ul>
    </section>
  )
}

function Consent({ consent }: { consent: ConsentView }) {
  const name = clientName(consent)
  const removal = useConsentChange(() => revokeConsent(consent.id))
  return (
    <li className="card grid gap-4 p-5 sm:p-6">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <h3 className="min-w-0 text-lg font-semibold wrap-anywhere">
          {isNameKnown(consent) ? name : <q>{name}</q>}
        </h3>
        <ConfirmDialog
          trigger="Disconnect"
          triggerLabel={`Disconnect ${name}`}
          title={`Disconnect ${name}?`}
          confirm="Disconnect"
          onConfirm={() => removal.mutateAsync(undefined)}
        >
          <p>It loses its access to your account at once. If you use it again, it asks you anew.</p>
        </ConfirmDialog>
      </div>
      <ul aria-label="It may" className="flex flex-wrap gap-2">
        {consent.scopes.map((scope) => (
          <li key={scope.name}>
            <Badge tone="neutral">{scope.title}</Badge>
          </li>
        ))}
      </ul>
      <FactRow>
        <Fact name="Allowed">
          <Moment at={consent.granted_at} never="Unknown" />
        </Fact>
        <Fact name="Last used">
          <Moment at={consent.last_used_at} />
        </Fact>
      </FactRow>
    </li>
  )
}
