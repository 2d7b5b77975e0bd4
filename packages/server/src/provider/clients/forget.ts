import type { KnownTokens } from '../tokens/known-tokens.ts'
import type { Clients } from './clients.ts'

/** What this process remembers. */
interface Memories {
  readonly clients: Pick<Clients, 'forget'>
  readonly tokens: Pick<KnownTokens, 'forgetOf'>
}

/** Forgets what is remembered of an application and its tokens, before an answer says so. */
export function forgetClient({ clients, tokens }: Memories, clientId: string): void {
  clients.forget(clientId)
  tokens.forgetOf('oauth-client', clientId)
}

/** Forgets what is remembered of tokens of families that ended. */
export function forgetFamilies({ tokens }: Pick<Memories, 'tokens'>, grantIds: readonly string[]) {
  for (const id of grantIds) tokens.forgetOf('oauth-grant', id)
}
