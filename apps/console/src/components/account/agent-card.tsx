import { Link } from 'react-router'
import type { AgentView } from '../../api/contract.ts'
import { liveGrants, standing } from '../../lib/agent-words.ts'
import { grantLine } from '../../lib/grant-words.ts'
import { Badge } from '../badge.tsx'
import { Icon } from '../icon.tsx'
import { Fact, FactRow, Moment } from './facts.tsx'

/** One agent in the list; the whole card leads to its page. */
export function AgentCard({ agent }: { agent: AgentView }) {
  const { words, tone } = standing(agent)
  return (
    <li className="card relative grid gap-4 p-5 transition-colors hover:border-control sm:p-6">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <h2 className="min-w-0 text-lg font-semibold wrap-anywhere">
          <Link
            to={`/account/agents/${agent.agent_id}`}
            className="rounded-sm after:absolute after:inset-0 after:rounded-[0.875rem]"
          >
            {agent.name}
          </Link>
        </h2>
        <Badge tone={tone}>{words}</Badge>
        <Icon name="arrow" className="ml-auto size-5 text-muted" />
      </div>
      <FactRow>
        <Fact name="Connected app">
          {agent.host.name ?? `Unnamed (${agent.host.fingerprint.slice(0, 9)})`}
        </Fact>
        <Fact name="Last used">
          <Moment at={agent.last_used_at} />
        </Fact>
      </FactRow>
      <GrantLines agent={agent} />
    </li>
  )
}

function GrantLines({ agent }: { agent: AgentView }) {
  const grants = liveGrants(agent)
  if (grants.length === 0) return <p className="text-sm text-muted">May do nothing right now.</p>
  return (
    <ul aria-label="May" className="grid gap-1.5 border-t border-line pt-4">
      {grants.map((grant) => (
        <li key={grant.grant_id} className="flex gap-2.5 tabular-nums wrap-anywhere">
          <Icon name={grant.read_only ? 'eye' : 'pen'} className="mt-1 size-4 text-muted" />
          <span>
            <span className="sr-only">{grant.read_only ? 'Reads: ' : 'Changes things: '}</span>
            {grantLine(grant)}
          </span>
        </li>
      ))}
    </ul>
  )
}
