import { ProtocolError } from '@countersign/protocol'
import { explainFailure } from '../explain-failure.ts'
import { authenticateAgent } from './agent-jwt.ts'
import { authenticateApiKey } from './api-key.ts'
import { authenticateBearer } from './bearer.ts'
import { pickCredential } from './credential.ts'
import type { Principal } from './principal.ts'
import type { AuthRequest, AuthServer } from './server.ts'
import { authenticateSession, authenticateSessionToken } from './session.ts'
import { authenticateStaticToken } from './static-token.ts'

/**
 * Says who a request is: the front door, and the only way a request becomes somebody.
 *
 * The one explicit credential decides. A bad one is a 401 and never falls through to the cookie.
 * A database that is away is a 503: neither "nobody" nor "signed out".
 */
export async function authenticate(server: AuthServer, request: AuthRequest): Promise<Principal> {
  try {
    return await verify(server, request)
  } catch (error) {
    throw await explain(server, error)
  }
}

async function verify(server: AuthServer, request: AuthRequest): Promise<Principal> {
  const credential = pickCredential(request.headers)
  switch (credential?.kind) {
    case undefined:
      return authenticateSession(server, request)
    case 'api-key':
      return authenticateApiKey(server, credential.key)
    case 'agent':
      return authenticateAgent(server, request)
    case 'bearer':
      return authenticateBearer(server, credential.token)
    case 'opaque':
      return (
        authenticateStaticToken(server.staticTokens, credential.token) ??
        authenticateSessionToken(server, credential.token)
      )
  }
}

/** Turns a failure into what the caller may know, with the challenges of RFC 9110 section 11.6.1. */
async function explain(server: AuthServer, error: unknown): Promise<unknown> {
  const known = await explainFailure(error, server)
  const isChallenged = known instanceof ProtocolError && known.status === 401
  return isChallenged ? withChallenge(server, known) : known
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
