import { createHash, timingSafeEqual } from 'node:crypto'
import { ConfigurationError } from '../env.ts'
import type { Permissions, ServicePrincipal } from './principal.ts'

/** A token from the configuration, for a program that cannot have an API key. */
export interface StaticToken {
  /** Who it is in the log and as `serviceId`. */
  readonly name: string
  /** SHA-256 of the token, as 64 hexadecimal digits; the token itself is never configured. */
  readonly hash: string
  /** What it reaches. */
  readonly permissions: Permissions
}

/** The program a static token belongs to, or null. Every configured hash is compared. */
export function authenticateStaticToken(
  tokens: readonly StaticToken[],
  token: string,
): ServicePrincipal | null {
  if (tokens.length === 0) return null
  const hash = createHash('sha256').update(token).digest()
  let found: StaticToken | null = null
  for (const candidate of tokens) {
    if (timingSafeEqual(fromHex(candidate.hash), hash)) found = candidate
  }
  return (
    found && {
      kind: 'service',
      method: 'static-token',
      serviceId: found.name,
      organizationId: null,
      permissions: found.permissions,
    }
  )
}

/** Refuses static tokens that cannot work or would be ambiguous. */
export function checkStaticTokens(tokens: readonly StaticToken[]): readonly StaticToken[] {
  const names = new Set(tokens.map(({ name }) => name))
  const hashes = new Set(tokens.map(({ hash }) => hash.toLowerCase()))
  if (names.size < tokens.length || hashes.size < tokens.length || names.has('')) {
    throw new ConfigurationError(
      'Every entry of `staticTokens` needs a name and a hash of its own.',
    )
  }
  if ([...hashes].some((hash) => !/^[0-9a-f]{64}$/.test(hash))) {
    throw new ConfigurationError(
      'The `hash` of a static token must be its SHA-256 as 64 hexadecimal digits.',
    )
  }
  return tokens
}

function fromHex(hash: string): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, byte) =>
    Number.parseInt(hash.slice(byte * 2, byte * 2 + 2), 16),
  )
}
