import { Link, useParams } from 'react-router'
import type { HostView } from '../api/contract.ts'
import { renameHost } from '../api/hosts.ts'
import { Activity } from '../components/account/activity.tsx'
import { AppActions } from '../components/account/app-actions.tsx'
import { AppFacts } from '../components/account/app-card.tsx'
import { AppDefaults } from '../components/account/app-defaults.tsx'
import { Loaded } from '../components/account/loaded.tsx'
import { Rename } from '../components/account/rename.tsx'
import { BackLink } from '../components/back-link.tsx'
import { Badge } from '../components/badge.tsx'
import { Fingerprint } from '../components/fingerprint.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { CardSkeletons } from '../components/skeleton.tsx'
import { useAgentChange, useAgents, useGrantable } from '../hooks/use-agents.ts'
import { useHosts } from '../hooks/use-hosts.ts'
import { isOver, standing } from '../lib/agent-words.ts'
import { hostName, hostStanding, isHostOver } from '../lib/host-words.ts'

/** One connected app: what is known of it, its agents, and how to take it away. */
export function AppPage() {
  const hostId = useParams()['hostId'] ?? ''
  const hosts = useHosts()
  return (
    <div className="grid gap-6">
      <BackLink to="/account/apps">All apps</BackLink>
      <Loaded query={hosts} skeleton={<CardSkeletons count={2} className="h-48" />}>
        {(all) => {
          const host = all.find(({ host_id }) => host_id === hostId)
          return host === undefined ? <NoSuchApp /> : <AppDetails key={hostId} host={host} />
        }}
      </Loaded>
    </div>
  )
}

function NoSuchApp() {
  return (
    <PageHeading title="No such app">
      <p>It may be disconnected, or belong to another account.</p>
    </PageHeading>
  )
}

function AppDetails({ host }: { host: HostView }) {
  const { words, tone } = hostStanding(host)
  const rename = useAgentChange((name: string) => renameHost(host.host_id, name))
  const agents = Object.fromEntries(
    (useAgents().data ?? []).map(({ agent_id, name }) => [agent_id, name]),
  )
  const titles = Object.fromEntries(
    (useGrantable().data?.capabilities ?? []).map(({ capability, title }) => [capability, title]),
  )
  return (
    <>
      <div className="min-w-0 wrap-anywhere">
        <PageHeading title={hostName(host)}>
          <div className="flex flex-wrap items-center gap-x-3 gap-y-3">
            <Badge tone={tone}>{words}</Badge>
            {!isHostOver(host) && (
              <Rename
                what="app"
                name={host.name ?? ''}
                onRename={(name) => rename.mutateAsync(name)}
              />
            )}
          </div>
        </PageHeading>
      </div>
      <div className="card p-5 sm:p-6">
        <AppFacts host={host} />
        <div className="mt-4 border-t border-line pt-4 text-sm">
          <p className="mb-1 text-muted">Key fingerprint</p>
          <Fingerprint value={host.fingerprint} />
          <p className="mt-2 text-muted">
            The key is what this server checks. The name is only what you or the app chose.
          </p>
        </div>
      </div>
      <div className="grid items-start gap-6 lg:grid-cols-[3fr_2fr]">
        <div className="grid min-w-0 gap-6">
          <AppAgents host={host} />
          <AppDefaults host={host} />
          <AppActions host={host} />
        </div>
        <Activity
          title="What happened"
          of={{ host_id: host.host_id }}
          titles={titles}
          agents={agents}
        />
      </div>
    </>
  )
}

function AppAgents({ host }: { host: HostView }) {
  const agents = useAgents()
  return (
    <section aria-labelledby="agents" className="min-w-0">
      <h2 id="agents" className="mb-3 text-lg font-semibold">
        Its agents
      </h2>
      <Loaded query={agents} skeleton={<CardSkeletons count={1} className="h-20" />}>
        {(all) => {
          const own = all
            .filter((agent) => agent.host.host_id === host.host_id)
            .toSorted((a, b) => Number(isOver(a)) - Number(isOver(b)))
          if (own.length === 0) return <p className="card p-5 text-muted sm:p-6">None yet.</p>
          return (
            <ul className="card divide-y divide-line">
              {own.map((agent) => (
                <li
                  key={agent.agent_id}
                  className="flex flex-wrap items-center gap-x-3 gap-y-1 px-5 py-3 sm:px-6"
                >
                  <Link
                    to={`/account/agents/${agent.agent_id}`}
                    className="link min-w-0 wrap-anywhere"
                  >
                    {agent.name}
                  </Link>
                  <Badge tone={standing(agent).tone}>{standing(agent).words}</Badge>
                </li>
              ))}
            </ul>
          )
        }}
      </Loaded>
    </section>
  )
}
