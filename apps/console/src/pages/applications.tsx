import { Link } from 'react-router'
import type { ClientView } from '../api/provider-contract.ts'
import { Loaded } from '../components/account/loaded.tsx'
import { ClientCard } from '../components/applications/client-card.tsx'
import { buttonClass } from '../components/button.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { CardSkeletons } from '../components/skeleton.tsx'
import { useClients } from '../hooks/use-clients.ts'
import { groupClients, registrationWords } from '../lib/client-words.ts'

/** The applications of this server, for those who administer them. */
export function ApplicationsPage() {
  const clients = useClients()
  return (
    <div className="grid gap-6">
      <div className="flex flex-wrap items-start justify-between gap-4">
        <PageHeading title="Applications">
          <p>What people sign in to with this server, and what works with its tokens.</p>
        </PageHeading>
        {/* Whoever may not see them may not add one. */}
        {clients.data !== undefined && (
          <Link to="/account/applications/new" className={buttonClass('primary')}>
            Add an application
          </Link>
        )}
      </div>
      <Loaded query={clients} skeleton={<CardSkeletons count={2} className="h-32" />}>
        {(all) => (all.length === 0 ? <NoClients /> : <Groups clients={all} />)}
      </Loaded>
    </div>
  )
}

function NoClients() {
  return (
    <section aria-labelledby="none" className="card p-6 sm:p-8">
      <h2 id="none" className="text-lg font-semibold">
        There is no application yet
      </h2>
      <p className="mt-1.5 max-w-prose text-muted">
        Add one, and people can sign in to it with their account here. You get its settings as a
        file.
      </p>
    </section>
  )
}

function Groups({ clients }: { clients: readonly ClientView[] }) {
  return (
    <div className="grid gap-8">
      {groupClients(clients).map((group) => {
        const { title, text } = registrationWords[group.registration]
        return (
          <section key={group.registration} aria-labelledby={group.registration}>
            <h2 id={group.registration} className="text-lg font-semibold">
              {title}
            </h2>
            <p className="mb-3 text-muted">{text}</p>
            <ul className="grid gap-4">
              {group.clients.map((client) => (
                <ClientCard key={client.client_id} client={client} />
              ))}
            </ul>
          </section>
        )
      })}
    </div>
  )
}
