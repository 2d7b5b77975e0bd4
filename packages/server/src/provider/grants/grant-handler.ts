import type { Client } from '../clients/client.ts'
import type { MachineRequest } from '../http.ts'
import { OAuthError } from '../oauth-error.ts'
import type { TokenResponse } from '../tokens/model.ts'

/** One grant type of the token endpoint. The client is authenticated and may use it. */
export interface GrantHandler {
  /** The `grant_type` it answers. */
  readonly type: string
  /** Throws an `OAuthError` for what it refuses. */
  readonly handle: (request: MachineRequest, client: Client) => Promise<TokenResponse>
}

/** A parameter that must be there. Throws `invalid_request`. */
export function required({ parameters }: Pick<MachineRequest, 'parameters'>, name: string): string {
  const value = parameters.get(name)
  if (value !== undefined) return value
  throw new OAuthError('invalid_request', `The parameter \`${name}\` is missing.`)
}

/** Refuses rich authorization requests (RFC 9396) by name: ignored, they would give more than was asked for. */
export function refuseDetails({ parameters }: Pick<MachineRequest, 'parameters'>): void {
  if (parameters.get('authorization_details') === undefined) return
  throw new OAuthError('invalid_authorization_details', '`authorization_details` is not supported.')
}

/** A refusal of what was presented: it counts for nothing, or not here (RFC 6749 section 5.2). */
export function invalidGrant(description: string): OAuthError {
  return new OAuthError('invalid_grant', description)
}
