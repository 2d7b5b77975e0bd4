import type { AuthContext } from '@better-auth/core'
import { ProtocolError } from '@countersign/protocol'
import type { Connection } from './connection.ts'

/** How long, in milliseconds, a database may take to answer. */
const TIMEOUT = 2_000

/** Throws unless the database answers in time: our own, or the one behind the adapter. */
export async function ping(
  connection: Pick<Connection, 'ping'> | undefined,
  context: Promise<Pick<AuthContext, 'adapter'>>,
): Promise<void> {
  const timeout = AbortSignal.timeout(TIMEOUT)
  const late = new Promise<never>((_, reject) => {
    timeout.addEventListener('abort', () => reject(new ProtocolError('unavailable')))
  })
  const answer = connection ? connection.ping() : askAdapter(context)
  await Promise.race([answer, late])
}

/** A look-up that finds nothing: the one statement every adapter can run. */
async function askAdapter(context: Promise<Pick<AuthContext, 'adapter'>>): Promise<void> {
  const { adapter } = await context
  await adapter.findOne({ model: 'user', where: [{ field: 'id', value: '' }] })
}
