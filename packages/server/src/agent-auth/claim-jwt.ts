import { ProtocolError } from '@countersign/protocol'
import type { AgentAuthContext } from './context.ts'

interface Claim {
  readonly key: string
  readonly token: { readonly goodUntil: number }
  readonly now: number
  readonly agentId?: string
  readonly hostId?: string | null
  readonly userId?: string | null
}

/** Uses a JWT up under a key, or throws `invalid_jwt` when it already is. */
export async function claim(
  context: AgentAuthContext,
  { key, token, now, ...who }: Claim,
): Promise<void> {
  if (await context.replay.isFirstUse(key, token.goodUntil, now / 1000)) return
  await context.events.emit({
    type: 'jwt.replayed',
    outcome: 'refused',
    code: 'invalid_jwt',
    ...who,
  })
  throw new ProtocolError('invalid_jwt', { message: 'This JWT has already been used.' })
}
