import { revokeClientUser, revokeClientUsers } from '../../api/clients.ts'
import type { ClientView, ConnectedUser } from '../../api/provider-contract.ts'
import { useClientChange, useClientUsers } from '../../hooks/use-clients.ts'
import { Moment } from '../account/facts.tsx'
import { Loaded } from '../account/loaded.tsx'
import { ConfirmDialog } from '../confirm-dialog.tsx'
import { CardSkeletons } from '../skeleton.tsx'

/** The people who use an application, and how to take its access away. */
export function ConnectedUsers({ client }: { client: ClientView }) {
  const users = useClientUsers(client.id)
  const ending = useClientChange(() => revokeClientUsers(client.id))
  return (
    <section aria-labelledby="people" className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 id="people" className="text-lg font-semibold">
          Connected people
        </h2>
        {(users.data?.length ?? 0) > 1 && (
          <ConfirmDialog
            trigger="Disconnect all"
            triggerTone="caution"
            title="Disconnect everybody?"
            confirm="Disconnect all"
            onConfirm={() => ending.mutateAsync(undefined)}
          >
            <p>All access of the app ends at once. Whoever uses it next is asked again.</p>
          </ConfirmDialog>
        )}
      </div>
      <Loaded query={users} skeleton={<CardSkeletons count={1} className="h-24" />}>
        {(all) =>
          all.length === 0 ? (
            <p className="card p-5 text-muted sm:p-6">Nobody uses it yet.</p>
          ) : (
            <ul className="card divide-y divide-line">
              {all.map((user) => (
                <UserRow
                  key={`${user.user_id} ${user.organization_id}`}
                  clientId={client.id}
                  user={user}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  )
}

function UserRow({ clientId, user }: { clientId: string; user: ConnectedUser }) {
  const revocation = useClientChange(() => revokeClientUser(clientId, user.user_id))
  const name = user.name || user.email || user.user_id
  return (
    <li className="flex flex-wrap items-center gap-x-6 gap-y-3 px-5 py-4 sm:px-6">
      <div className="min-w-0 flex-1 basis-64">
        <p className="font-medium wrap-anywhere">{name}</p>
        {user.email !== null && user.email !== name && (
          <p className="text-sm text-muted wrap-anywhere">{user.email}</p>
        )}
        <p className="text-sm text-muted wrap-anywhere">
          {user.scopes.join(' ')}
          {user.last_used_at && (
            <>
              {' · used '}
              <Moment at={user.last_used_at} />
            </>
          )}
        </p>
      </div>
      <ConfirmDialog
        trigger="Disconnect"
        triggerLabel={`Disconnect ${name}`}
        title={`Disconnect ${name}?`}
        confirm="Disconnect"
        onConfirm={() => revocation.mutateAsync(undefined)}
      >
        <p>The app loses its access to this account at once. The person can allow it again.</p>
      </ConfirmDialog>
    </li>
  )
}
