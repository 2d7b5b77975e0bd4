import { Link, useParams } from 'react-router'
import type { AgentView } from '../api/contract.ts'
import { Activity } from '../components/account/activity.tsx'
import { AgentActions } from '../components/account/agent-actions.tsx'
import { Fact, FactRow, Moment } from '../components/account/facts.tsx'
import { Grants } from '../components/account/grants.tsx'
import { Loaded } from '../components/account/loaded.tsx'
import { RenameAgent } from '../components/account/rename.tsx'
import { BackLink } from '../components/back-link.tsx'
import { Badge } from '../components/badge.tsx'
import { Fingerprint } from '../components/fingerprint.tsx'
import { Notice } from '../components/notice.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { CardSkeletons, Skeleton } from '../components/skeleton.tsx'
import { useAgent, useGrantable } from '../hooks/use-agents.ts'
import { hostName } from '../lib/host-words.ts'
import { hasCode } from '../lib/api-error.ts'
import { autonomyWords, modeWords, standing } from '../lib/agent-words.ts'

/** One agent: what it may do, what it did, and how to stop it. */
export function AgentPage() {
  const agentId = useParams()['agentId'] ?? ''
  const agent = useAgent(agentId)
  return (
    <div className="grid gap-6">
      <BackLink to="/account/agents">All agents</BackLink>
      {hasCode(agent.error, 'agent_not_found') ? (
        <PageHeading title="No such agent">
          <p>It may belong to another account.</p>
        </PageHeading>
      ) : (
        <Loaded query={agent} skeleton={<AgentSkeleton />}>
          {(view) => <AgentDetails key={view.agent_id} agent={view} />}
        </Loaded>
      )}
    </div>
  )
}

function AgentDetails({ agent }: { agent: AgentView }) {
  const { words, tone } = standing(agent)
  const autonomy = autonomyWords(agent)
  const { capabilities = [] } = useGrantable(agent.host.host_id).data ?? {}
  const titles = Object.fromEntries(
    [...capabilities, ...agent.grants].map(({ capability, title }) => [capability, title]),
  )
  return (
    <>
      <div className="flex flex-wrap items-start justify-between gap-4">
        <div className="min-w-0 wrap-anywhere">
          <PageHeading title={agent.name}>
            <div className="flex flex-wrap items-center gap-x-3 gap-y-3">
              <Badge tone={tone}>{words}</Badge>
              <RenameAgent agent={agent} />
            </div>
          </PageHeading>
        </div>
        <AgentActions agent={agent} />
      </div>
      {autonomy !== undefined && <Notice tone="info">{autonomy}</Notice>}
      <div className="card p-5 sm:p-6">
        <FactRow>
          <Fact name="Connected app">
            <Link to={`/account/apps/${agent.host.host_id}`} className="link">
              {hostName(agent.host)}
            </Link>
          </Fact>
          <Fact name="Works">{modeWords(agent.mode)}</Fact>
          <Fact name="Connected">
            <Moment at={agent.activated_at} never="Not yet" />
          </Fact>
          <Fact name="Last used">
            <Moment at={agent.last_used_at} />
          </Fact>
          {agent.expires_at !== null && (
            <Fact name="Session ends">
              <Moment at={agent.expires_at} />
            </Fact>
          )}
        </FactRow>
        <div className="mt-4 border-t border-line pt-4 text-sm">
          <p className="mb-1 text-muted">Key of the connected app</p>
          <Fingerprint value={agent.host.fingerprint} />
        </div>
      </div>
      <div className="grid items-start gap-6 lg:grid-cols-[3fr_2fr]">
        <Grants agent={agent} />
        <Activity title="What happened" of={{ agent_id: agent.agent_id }} titles={titles} />
      </div>
    </>
  )
}

function AgentSkeleton() {
  return (
    <>
      <Skeleton className="h-18 w-72 max-w-full" />
      <CardSkeletons count={2} className="h-48" />
    </>
  )
}
