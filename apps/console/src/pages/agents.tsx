import type { AgentView } from '../api/contract.ts'
import { AgentCard } from '../components/account/agent-card.tsx'
import { ConnectHelp } from '../components/account/connect-help.tsx'
import { Loaded } from '../components/account/loaded.tsx'
import { WaitingApprovals } from '../components/account/waiting-approvals.tsx'
import { Icon } from '../components/icon.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { CardSkeletons } from '../components/skeleton.tsx'
import { useAgents } from '../hooks/use-agents.ts'
import { isOver } from '../lib/agent-words.ts'

/** The person's agents, and the requests that wait. */
export function AgentsPage() {
  const agents = useAgents()
  return (
    <div className="grid gap-6">
      <PageHeading title="Agents">
        <p>What may act for you, and what it may do.</p>
      </PageHeading>
      <WaitingApprovals />
      <Loaded query={agents} skeleton={<CardSkeletons count={3} className="h-44" />}>
        {(all) => (all.length === 0 ? <ConnectHelp /> : <AgentList agents={all} />)}
      </Loaded>
    </div>
  )
}

function AgentList({ agents }: { agents: readonly AgentView[] }) {
  const sorted = agents.toSorted((a, b) => lastSign(b) - lastSign(a))
  const over = sorted.filter(isOver)
  return (
    <div className="grid gap-8">
      <Cards agents={sorted.filter((agent) => !isOver(agent))} />
      {over.length > 0 && (
        <details className="group">
          <summary className="inline-flex min-h-10 list-none items-center gap-2 rounded-lg font-medium text-muted hover:text-ink">
            <Icon name="chevron" className="size-4 transition-transform group-open:rotate-180" />
            Past agents ({over.length})
          </summary>
          <div className="mt-3">
            <Cards agents={over} />
          </div>
        </details>
      )}
    </div>
  )
}

function Cards({ agents }: { agents: readonly AgentView[] }) {
  if (agents.length === 0) return <p className="text-muted">No agent may act for you right now.</p>
  return (
    <ul className="grid gap-4">
      {agents.map((agent) => (
        <AgentCard key={agent.agent_id} agent={agent} />
      ))}
    </ul>
  )
}

function lastSign(agent: AgentView): number {
  return Date.parse(agent.last_used_at ?? agent.activated_at ?? agent.created_at)
}
