import { randomUUID } from 'node:crypto'
import type { ProviderContext } from '../context.ts'
import { familyEnd, lifetimesOf } from '../lifetimes.ts'
import { OAuthError } from '../oauth-error.ts'
import { saveTokens, type TokenRows } from '../store/tokens.ts'
import { mintTokens } from './mint.ts'
import type { Grant, NewGrant, TokenRequest, TokenResponse } from './model.ts'
import { newRefreshToken, refreshRow } from './refresh-token.ts'

/** Makes tokens and stores them with the family they open, in one statement. */
export async function issueTokens(
  context: ProviderContext,
  request: TokenRequest,
): Promise<TokenResponse> {
  const { rows, response } = await makeTokens(context, request)
  if (!(await saveTokens(context.store, rows))) {
    throw request.grant
      ? new OAuthError('invalid_grant', 'What was presented was used already, or has ended.')
      : new OAuthError('invalid_client', 'The client is no more.')
  }
  context.activity.count(request.client.clientId, request.person?.id ?? null, request.now)
  return response
}

/** What is answered, and the rows that make it true. */
export interface MadeTokens {
  readonly rows: TokenRows
  readonly response: TokenResponse
}

/** Makes the tokens of a request and their family without storing anything. */
export async function makeTokens(
  context: ProviderContext,
  request: TokenRequest,
): Promise<MadeTokens> {
  const { grant, client, confirmation = null, refresh, now } = request
  const family = grant && openFamily(context, request, grant)
  const { access, response } = await mintTokens(context, { ...request, confirmation, family })
  if (!refresh || !family) return { rows: { family, refresh: null, access }, response }
  const token = newRefreshToken()
  const { refreshToken } = lifetimesOf(client, context.options.lifetimes)
  const row = refreshRow({ token, family, client, confirmation, now, lifetime: refreshToken })
  return {
    rows: { family, refresh: row, access: { ...access, refreshId: row.id } },
    response: { ...response, refresh_token: token },
  }
}

/** The family as it is stored: what is left out is empty. */
function openFamily(
  { options }: ProviderContext,
  { client, refresh, now }: TokenRequest,
  grant: NewGrant,
): Grant {
  const lifetimes = lifetimesOf(client, options.lifetimes)
  return {
    codeHash: null,
    sessionId: null,
    referenceId: null,
    resources: [],
    requestedUserInfoClaims: [],
    authTime: null,
    acr: null,
    amr: [],
    actor: null,
    offline: refresh,
    parentId: null,
    expiresAt: new Date(familyEnd(now, lifetimes, refresh)),
    ...grant,
    id: randomUUID(),
    clientId: client.clientId,
    createdAt: new Date(now),
    revokedAt: null,
  }
}
