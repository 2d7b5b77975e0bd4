import { getCurrentAdapter } from '@better-auth/core/context'
import { ProtocolError } from '@countersign/protocol'
import { isBanned } from '../people/ban.ts'
import type { AgentAuthContext } from './context.ts'
import { byId, type Rows } from './store/database.ts'
import { endEverythingOf, removeEverythingOf } from './store/people.ts'

/** The row of a person, as far as agents depend on it. */
export interface User {
  readonly id: string
}

/**
 * Runs what gives a host or an agent something to do for a person, and takes it back when the
 * person was deleted or banned meanwhile, which is `authentication_required`.
 *
 * A ban is stored before it ends what there is, and this looks after `task` is stored: whichever
 * comes last sees the other.
 */
export async function forPerson<Result>(
  context: AgentAuthContext,
  userId: string,
  task: () => Promise<Result>,
): Promise<Result> {
  const { adapter } = context.db
  const result = await task().catch(async (error: unknown) => {
    throw await explain(context, userId, error)
  })
  if (await mayAct(adapter, userId)) return result
  await endPerson(context, { id: userId }, 'user.banned')
  throw signedOut()
}

/**
 * The error to answer with, where a person may have been deleted while they were served: then the
 * row that others point to is gone, which each database says in its own way.
 */
export async function explain(
  { db }: AgentAuthContext,
  userId: string | null,
  error: unknown,
): Promise<unknown> {
  if (userId === null || error instanceof ProtocolError) return error
  const isHere = await mayAct(db.adapter, userId).catch(() => true)
  return isHere ? error : signedOut()
}

async function mayAct(rows: Rows, userId: string): Promise<boolean> {
  const user = await rows.findOne<User>({ model: 'user', where: byId(userId) })
  return user !== null && !isBanned(user, Date.now())
}

function signedOut(): ProtocolError {
  return new ProtocolError('authentication_required', { message: 'Sign in first.' })
}

/**
 * What happens to agents when Better Auth deletes or bans a person: they end, before it is answered
 * (specification, 2.6 and 8.5).
 *
 * A ban revokes for good; when it is over the person connects their apps again.
 */
export function userHooks(contextOf: () => AgentAuthContext) {
  return {
    user: {
      delete: {
        before: async ({ id }: User) => {
          const context = contextOf()
          // Deleting may run in a transaction, and a database may have one connection.
          const rows = await getCurrentAdapter(context.db.adapter)
          await endEverythingOf(rows, id, new Date())
        },
        after: async (user: User) => {
          const context = contextOf()
          // Databases with foreign keys have removed it all by now.
          await removeEverythingOf(context.db.adapter, user.id)
          await endPerson(context, user, 'user.deleted')
        },
      },
      update: {
        after: async (user: User | null) => {
          // Where many are updated at once Better Auth passes their number.
          if (typeof user !== 'object' || !user || !isBanned(user, Date.now())) return
          await endPerson(contextOf(), user, 'user.banned')
        },
      },
    },
  }
}

/** Ends all hosts and agents of a person, and says so. Doing it again changes nothing. */
async function endPerson(
  { db, events }: AgentAuthContext,
  { id }: Pick<User, 'id'>,
  type: 'user.banned' | 'user.deleted',
): Promise<void> {
  const ended = await db.adapter.transaction((rows) => endEverythingOf(rows, id, new Date()))
  const details = { hosts_revoked: ended.hosts, agents_revoked: ended.agents }
  await events.emit({ type, outcome: 'success', userId: id, details })
}
