import { parsePublicJwk, ProtocolError } from '@countersign/protocol'
import { decodeJwt } from 'jose'
import { bearerToken } from './credential.ts'

/**
 * Throws `unsupported_algorithm` when a host JWT carries a key of another type.
 *
 * Such a JWT cannot be verified at all, so this looks before verification and says only what the
 * sender already knows.
 */
export function refuseOtherKeyTypes(headers: Headers): void {
  for (const key of carriedKeys(bearerToken(headers))) {
    try {
      parsePublicJwk(key)
    } catch (error) {
      if (error instanceof ProtocolError && error.code === 'unsupported_algorithm') throw error
    }
  }
}

function carriedKeys(jwt: string | null): unknown[] {
  try {
    const claims = decodeJwt(jwt ?? '')
    return [claims['host_public_key'], claims['agent_public_key']].filter(Boolean)
  } catch {
    return []
  }
}
