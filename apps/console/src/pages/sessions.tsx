import { useQueryClient } from '@tanstack/react-query'
import { revokeOtherSessions, revokeSession } from '../api/account.ts'
import type { SessionView } from '../api/contract.ts'
import { Fact, FactRow, Moment } from '../components/account/facts.tsx'
import { Loaded } from '../components/account/loaded.tsx'
import { Badge } from '../components/badge.tsx'
import { Button } from '../components/button.tsx'
import { ConfirmDialog } from '../components/confirm-dialog.tsx'
import { Icon } from '../components/icon.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { Reauthenticate } from '../components/reauthenticate.tsx'
import { CardSkeletons } from '../components/skeleton.tsx'
import { useAccountChange, useSessions } from '../hooks/use-account.ts'
import { useSession } from '../hooks/use-session.ts'
import { needsFreshSession } from '../lib/api-error.ts'
import { deviceName } from '../lib/user-agent.ts'

/** Where the person is signed in. */
export function SessionsPage() {
  const sessions = useSessions()
  const queries = useQueryClient()
  return (
    <div className="grid gap-6">
      <PageHeading title="Sessions">
        <p>Where you are signed in.</p>
      </PageHeading>
      {sessions.data === undefined && needsFreshSession(sessions.error) ? (
        <Reauthenticate
          reason="It has been a while since you signed in. Confirm it is you to see this list."
          onDone={() => void queries.invalidateQueries({ queryKey: ['sessions'] })}
        />
      ) : (
        <Loaded query={sessions} skeleton={<CardSkeletons count={2} className="h-28" />}>
          {(all) => <SessionList sessions={all} />}
        </Loaded>
      )}
    </div>
  )
}

function SessionList({ sessions }: { sessions: readonly SessionView[] }) {
  const here = useSession().data?.session.id
  const others = useAccountChange('sessions', () => revokeOtherSessions())
  const sorted = sessions.toSorted(
    (a, b) =>
      Number(b.id === here) - Number(a.id === here) || b.updatedAt.localeCompare(a.updatedAt),
  )
  return (
    <>
      <ul className="grid gap-4">
        {sorted.map((session) => (
          <SessionCard key={session.id} session={session} here={session.id === here} />
        ))}
      </ul>
      {sessions.length > 1 && (
        <div className="mt-6">
          <ConfirmDialog
            trigger="Sign out all others"
            title="Sign out all other devices?"
            confirm="Sign out all others"
            onConfirm={() => others.mutateAsync(undefined)}
          >
            <p>You stay signed in here. Agents keep what they may do.</p>
          </ConfirmDialog>
        </div>
      )}
    </>
  )
}

function SessionCard({ session, here }: { session: SessionView; here: boolean }) {
  const { token } = session
  const end = useAccountChange('sessions', revokeSession)
  const name = deviceName(session.userAgent)
  return (
    <li className="card flex flex-wrap items-center gap-x-6 gap-y-4 p-5 sm:p-6">
      <div className="grid min-w-0 flex-1 basis-64 gap-3">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
          <Icon name="device" className="size-5 text-muted" />
          <h2 className="font-semibold">{name}</h2>
          {here && (
            <Badge tone="good" icon="check">
              This device
            </Badge>
          )}
        </div>
        <FactRow>
          <Fact name="Signed in">
            <Moment at={session.createdAt} />
          </Fact>
          <Fact name="Address">{session.ipAddress || 'Unknown'}</Fact>
        </FactRow>
      </div>
      {!here && token !== undefined && (
        <Button
          tone="secondary"
          busy={end.isPending}
          aria-label={`Sign out: ${name}`}
          onClick={() => end.mutate(token)}
        >
          Sign out
        </Button>
      )}
    </li>
  )
}
