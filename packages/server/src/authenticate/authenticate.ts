import { ProtocolError } from '@countersign/protocol'
import { authenticateAgent } from './agent-jwt.ts'
import { authenticateApiKey } from './api-key.ts'
import { pickCredential } from './credential.ts'
import type { Principal } from './principal.ts'
import type { AuthServer } from './server.ts'
import { authenticateSession } from './session.ts'

/**
 * Says who a request is: the front door, and the only way a request becomes somebody.
 *
 * The one explicit credential decides. A bad one is a 401 and never falls through to the cookie.
 * A database that is away is a 503: neither "nobody" nor "signed out".
 */
export async function authenticate(server: AuthServer, request: Request): Promise<Principal> {
  try {
    return await verify(server, request)
  } catch (error) {
    throw await explain(server, error)
  }
}

async function verify(server: AuthServer, request: Request): Promise<Principal> {
  const credential = pickCredential(request.headers)
  switch (credential?.kind) {
    case undefined:
      return authenticateSession(server, request)
    case 'api-key':
      return authenticateApiKey(server, credential.key)
    case 'bearer':
      return authenticateAgent(server, request)
  }
}

/** Turns a failure into what the caller may know, with the challenges of RFC 9110 section 11.6.1. */
async function explain(server: AuthServer, error: unknown): Promise<unknown> {
  if (error instanceof ProtocolError) {
    return error.status === 401 ? withChallenge(server, error) : error
  }
  try {
    await server.ping()
    return error
  } catch (cause) {
    return new ProtocolError('unavailable', { cause, headers: { 'retry-after': '5' } })
  }
}

function withChallenge({ context }: AuthServer, error: ProtocolError): ProtocolError {
  if (error.headers?.['www-authenticate']) return error
  const { origin } = new URL(context.baseURL)
  const challenge = `AgentAuth discovery="${origin}/.well-known/agent-configuration", Bearer, ApiKey`
  return new ProtocolError(error.code, {
    message: error.message,
    ...(error.details && { details: error.details }),
    headers: { ...error.headers, 'www-authenticate': challenge },
    cause: error.cause,
  })
}
