import { Link } from 'react-router'
import type { HostView } from '../api/contract.ts'
import { AppCard } from '../components/account/app-card.tsx'
import { Consents } from '../components/account/consents.tsx'
import { Loaded } from '../components/account/loaded.tsx'
import { buttonClass } from '../components/button.tsx'
import { Icon } from '../components/icon.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { CardSkeletons } from '../components/skeleton.tsx'
import { useConsents } from '../hooks/use-clients.ts'
import { useHosts } from '../hooks/use-hosts.ts'
import { isHostOver } from '../lib/host-words.ts'

/** The apps the person connected. */
export function AppsPage() {
  const hosts = useHosts()
  const consents = useConsents().data ?? []
  return (
    <div className="grid gap-6">
      <div className="flex flex-wrap items-start justify-between gap-4">
        <PageHeading title="Connected apps">
          <p>What uses your account, and where your agents live.</p>
        </PageHeading>
        <div className="flex flex-wrap gap-3">
          <Link to="/account/apps/connect" className={buttonClass('primary')}>
            Connect an app
          </Link>
          <Link to="/device" className={buttonClass('secondary')}>
            Enter a code
          </Link>
        </div>
      </div>
      {consents.length > 0 && <Consents consents={consents} />}
      <Loaded query={hosts} skeleton={<CardSkeletons count={2} className="h-52" />}>
        {(all) => (all.length + consents.length === 0 ? <NoApps /> : <AppList hosts={all} />)}
      </Loaded>
    </div>
  )
}

function NoApps() {
  return (
    <section aria-labelledby="none" className="card p-6 sm:p-8">
      <h2 id="none" className="text-lg font-semibold">
        No app is connected yet
      </h2>
      <p className="mt-1.5 max-w-prose text-muted">
        An app that wants to connect shows you a code: enter it here and decide. Or make a token for
        an app you set up yourself, and it connects without asking.
      </p>
    </section>
  )
}

function AppList({ hosts }: { hosts: readonly HostView[] }) {
  const here = hosts.filter((host) => !isHostOver(host))
  const over = hosts.filter(isHostOver)
  return (
    <section aria-labelledby="hosts" className="grid gap-4">
      <div>
        <h2 id="hosts" className="text-lg font-semibold">
          Apps your agents live in
        </h2>
        <p className="text-muted">Each is known by its key, whatever it calls itself.</p>
      </div>
      {here.length === 0 && <p className="card p-5 text-muted sm:p-6">None right now.</p>}
      <Cards hosts={here} />
      {over.length > 0 && (
        <details className="group">
          <summary className="inline-flex min-h-10 list-none items-center gap-2 rounded-lg font-medium text-muted hover:text-ink">
            <Icon name="chevron" className="size-4 transition-transform group-open:rotate-180" />
            Revoked apps ({over.length})
          </summary>
          <div className="mt-3">
            <Cards hosts={over} />
          </div>
        </details>
      )}
    </section>
  )
}

function Cards({ hosts }: { hosts: readonly HostView[] }) {
  if (hosts.length === 0) return null
  return (
    <ul className="grid gap-4">
      {hosts.map((host) => (
        <AppCard key={host.host_id} host={host} />
      ))}
    </ul>
  )
}
