import { Link } from 'react-router'
import type { HostView } from '../../api/contract.ts'
import { hostName, hostStanding } from '../../lib/host-words.ts'
import { Badge } from '../badge.tsx'
import { Fingerprint } from '../fingerprint.tsx'
import { Icon } from '../icon.tsx'
import { Fact, FactRow, Moment } from './facts.tsx'

/** One connected app in the list; the whole card leads to its page. */
export function AppCard({ host }: { host: HostView }) {
  const { words, tone } = hostStanding(host)
  return (
    <li className="card relative grid gap-4 p-5 transition-colors hover:border-control sm:p-6">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <h3 className="min-w-0 text-lg font-semibold wrap-anywhere">
          <Link
            to={`/account/apps/${host.host_id}`}
            className="rounded-sm after:absolute after:inset-0 after:rounded-[0.875rem]"
          >
            {hostName(host)}
          </Link>
        </h3>
        <Badge tone={tone}>{words}</Badge>
        <Icon name="arrow" className="ml-auto size-5 text-muted" />
      </div>
      <AppFacts host={host} />
      <div className="border-t border-line pt-4 text-sm">
        <p className="mb-1 text-muted">Key fingerprint</p>
        <Fingerprint value={host.fingerprint} />
      </div>
    </li>
  )
}

/** What the server knows about an app. */
export function AppFacts({ host }: { host: HostView }) {
  return (
    <FactRow>
      <Fact name="Active agents">{host.agents}</Fact>
      <Fact name="First seen">
        <Moment at={host.created_at} />
      </Fact>
      <Fact name="Last used">
        <Moment at={host.last_used_at} />
      </Fact>
    </FactRow>
  )
}
