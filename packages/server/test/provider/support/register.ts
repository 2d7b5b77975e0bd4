import { type Answer, asNobody } from './administration.ts'
import type { ProviderWorld } from './world.ts'

/** Registers a client as itself, over the endpoint for machines. */
export function register(
  world: Pick<ProviderWorld, 'handler'>,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return asNobody(world, 'POST', '/oauth2/register', { body, headers })
}
