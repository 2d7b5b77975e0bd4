import type { AgentEvent } from '../../agent-auth/domain/event.ts'
import { newEvent } from '../../agent-auth/store/events.ts'
import { Journal } from '../../agent-auth/store/journal.ts'
import type { ProviderContext } from '../context.ts'

/**
 * Records what an app got, in the log that people read their agents' doings in.
 *
 * Never throws: what happened has happened. Somebody's own `betterAuth()` has no log for it.
 */
export async function recordEvent(context: ProviderContext, event: AgentEvent): Promise<void> {
  const { agents, connection, auth } = context
  if (agents) return agents.events.emit(event)
  if (!connection) return
  try {
    await new Journal(connection.sql).record(newEvent(event, new Date()))
  } catch (error) {
    auth.logger.error('provider: an event is lost', error)
  }
}
