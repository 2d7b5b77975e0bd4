import { ProtocolError } from '@countersign/protocol'
import type { AgentAuthContext } from './context.ts'
import type { Agent, AgentMode, Host } from './domain/model.ts'

/**
 * The host as the planning of grants sees it: with the defaults that count for this mode.
 *
 * For an autonomous agent only `defaultHostCapabilities` as a function can name defaults: a plain
 * list says what people hand on, and nobody is there to hand anything on.
 */
export async function hostForMode<Known extends Pick<Host, 'name' | 'defaultCapabilities'>>(
  { options }: AgentAuthContext,
  host: Known,
  mode: AgentMode,
): Promise<Known> {
  if (mode === 'delegated') return host
  const { defaultHostCapabilities: defaults } = options
  const defaultCapabilities =
    typeof defaults === 'function'
      ? await defaults({ mode, userId: null, hostName: host.name })
      : []
  return { ...host, defaultCapabilities }
}

/**
 * Refuses an autonomous agent where a person is, or is about to be, in charge (specification, 2.10
 * and 2.11): `unsupported_mode` under a linked host, `host_pending` under one that waits.
 */
export function refuseAutonomousUnder(host: Host | null): void {
  if (host === null) return
  if (host.userId !== null) {
    const message = 'This host belongs to a person. Its agents are delegated.'
    throw new ProtocolError('unsupported_mode', { message })
  }
  if (host.status === 'pending') throw new ProtocolError('host_pending')
}

/** For whom an agent acts: its person, or whom the operator names for an autonomous one. */
export async function actingFor(
  { options }: AgentAuthContext,
  { agent, host }: { agent: Agent; host: Host },
): Promise<string | null> {
  if (agent.mode === 'delegated') return agent.userId
  const user = await options.resolveAutonomousUser?.({
    hostId: host.id,
    hostName: host.name,
    agentId: agent.id,
    agentMode: agent.mode,
  })
  return typeof user === 'string' ? user : (user?.id ?? null)
}
