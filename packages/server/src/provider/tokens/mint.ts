import { randomUUID } from 'node:crypto'
import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import { lifetimesOf } from '../lifetimes.ts'
import { OAuthError } from '../oauth-error.ts'
import type { ProviderLifetimes } from '../options.ts'
import { subjectOf } from '../subjects.ts'
import { type AccessRow, makeAccessToken, resourcesOf } from './access-token.ts'
import { makeIdToken } from './id-token.ts'
import { tokenHash } from './known-tokens.ts'
import type { Confirmation, Grant, Person, TokenResponse } from './model.ts'

/** What one access token, and the ID token beside it, are made for. */
export interface Minting {
  readonly client: Client
  readonly family: Grant | null
  readonly person: Person | null
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  readonly nonce?: string | undefined
  readonly confirmation: Confirmation | null
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** An access token with its row, and what is answered. */
export interface Minted {
  readonly access: AccessRow
  readonly response: TokenResponse
}

/** Makes an access token, and an ID token when `openid` is among the scopes. Nothing is stored. */
export async function mintTokens(context: ProviderContext, minting: Minting): Promise<Minted> {
  const { client, family, person, scopes, confirmation, now } = minting
  const resources = resourcesOf(context, minting.resources)
  if (!confirmation && resources.some(({ requireDpop }) => requireDpop)) {
    throw new OAuthError('invalid_dpop_proof', 'Tokens for that `resource` take a DPoP proof.')
  }
  const lifetimes = lifetimesWithin(lifetimesOf(client, context.options.lifetimes), minting)
  const subject = person ? subjectOf(context, client, person.id) : client.clientId
  const issuedAt = Math.floor(now / 1000)
  const common = { subject, clientId: client.clientId, family, scopes, issuedAt }
  const token = await makeAccessToken(context, {
    ...common,
    person,
    resources,
    confirmation,
    expiresAt: issuedAt + lifetimes.accessToken,
  })
  const idToken =
    person && scopes.includes('openid')
      ? await makeIdToken(context, {
          ...common,
          person,
          nonce: minting.nonce,
          accessToken: token,
          expiresAt: issuedAt + lifetimes.idToken,
        })
      : undefined
  return {
    access: accessRow(token, minting, (issuedAt + lifetimes.accessToken) * 1000),
    response: {
      access_token: token,
      token_type: confirmation ? 'DPoP' : 'Bearer',
      expires_in: lifetimes.accessToken,
      scope: scopes.join(' '),
      ...(idToken !== undefined && { id_token: idToken }),
    },
  }
}

/** No token outlives its family. */
function lifetimesWithin(
  lifetimes: ProviderLifetimes,
  { family, now }: Minting,
): ProviderLifetimes {
  if (!family) return lifetimes
  const left = Math.max(1, Math.floor((family.expiresAt.getTime() - now) / 1000))
  return { ...lifetimes, accessToken: Math.min(lifetimes.accessToken, left) }
}

function accessRow(token: string, minting: Minting, expiresAt: number): AccessRow {
  const { client, family, scopes, resources, confirmation, now } = minting
  return {
    id: randomUUID(),
    token: tokenHash(token),
    clientId: client.clientId,
    sessionId: family?.sessionId ?? null,
    userId: family?.userId ?? null,
    referenceId: family?.referenceId ?? null,
    authorizationCodeId: family?.id ?? null,
    resources,
    requestedUserInfoClaims: family?.requestedUserInfoClaims ?? [],
    refreshId: null,
    expiresAt: new Date(expiresAt),
    createdAt: new Date(now),
    revoked: null,
    confirmation,
    scopes,
  }
}
