import { createGuardedFetch } from '../guarded-fetch/guarded-fetch.ts'
import type { Client } from './clients/client.ts'
import { IssuerKeys } from './trusted-issuers/issuer-keys.ts'

/** How many clients' keys are remembered; beyond it the oldest are forgotten. */
const MAX_CLIENTS = 5_000

/** The keys of clients that prove who they are with one: registered, or published at a URL. */
export class ClientKeys {
  readonly #fetch
  readonly #known = new Map<string, IssuerKeys>()

  constructor(dangerouslyAllowLoopback: boolean) {
    this.#fetch = createGuardedFetch({ dangerouslyAllowLoopback })
  }

  /** The keys of a client; null when it has none that can be read. */
  of({ clientId, jwks, jwksUri }: Client): IssuerKeys | null {
    if (jwks === null && jwksUri === null) return null
    const key = JSON.stringify([clientId, jwks, jwksUri])
    const known = this.#known.get(key)
    if (known) return known
    const set = jwks === null ? undefined : parseSet(jwks)
    if (set === null) return null
    const keys = new IssuerKeys(
      { issuer: clientId, jwks: set, jwksUri: jwksUri ?? undefined },
      this.#fetch,
    )
    this.#known.set(key, keys)
    if (this.#known.size > MAX_CLIENTS) {
      const [oldest] = this.#known.keys()
      if (oldest !== undefined) this.#known.delete(oldest)
    }
    return keys
  }
}

type KeySet = { readonly keys: readonly Readonly<Record<string, unknown>>[] }

function parseSet(jwks: string): KeySet | null {
  try {
    const parsed: unknown = JSON.parse(jwks)
    // The engine stores the bare list.
    const keys = Array.isArray(parsed) ? parsed : (parsed as Partial<KeySet> | null)?.keys
    return Array.isArray(keys) && keys.every(isKey) ? { keys } : null
  } catch {
    return null
  }
}

function isKey(value: unknown): value is KeySet['keys'][number] {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
