import { Link } from 'react-router'
import type { ClientView } from '../../api/provider-contract.ts'
import { clientName, peopleWord } from '../../lib/client-words.ts'
import { Fact, FactRow, Moment } from '../account/facts.tsx'
import { Badge } from '../badge.tsx'
import { Icon } from '../icon.tsx'

/** The page of one application. */
export function clientPath(id: string): string {
  return `/account/applications/${encodeURIComponent(id)}`
}

/** One application in the list; the whole card leads to its page. */
export function ClientCard({ client }: { client: ClientView }) {
  return (
    <li className="card relative grid gap-4 p-5 transition-colors hover:border-control sm:p-6">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <h3 className="min-w-0 text-lg font-semibold wrap-anywhere">
          <Link
            to={clientPath(client.id)}
            className="rounded-sm after:absolute after:inset-0 after:rounded-[0.875rem]"
          >
            {clientName(client)}
          </Link>
        </h3>
        {client.disabled && <Badge tone="danger">Turned off</Badge>}
        <Icon name="arrow" className="ml-auto size-5 text-muted" />
      </div>
      <ClientFacts client={client} />
    </li>
  )
}

/** What is counted about an application. */
export function ClientFacts({ client }: { client: ClientView }) {
  return (
    <FactRow>
      <Fact name="Used by">{peopleWord(client.user_count)}</Fact>
      <Fact name="Last used">
        <Moment at={client.last_activity} />
      </Fact>
      <Fact name="Secret">{client.client_type === 'confidential' ? 'Keeps one' : 'Has none'}</Fact>
    </FactRow>
  )
}
