import { hash, timingSafeEqual } from 'node:crypto'
import { Buffer } from 'node:buffer'
import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import { confirmationOf } from '../dpop.ts'
import type { CodeRecord } from '../engine.ts'
import { endFamilies } from '../ending.ts'
import type { MachineRequest } from '../http.ts'
import { acrOf } from '../interaction/acr.ts'
import { REPEAT_WINDOW } from '../lifetimes.ts'
import { isWelcome } from '../people.ts'
import { parseScope } from '../scopes.ts'
import { findCode, redeemCode, type UsedCode, type WaitingCode } from '../store/codes.ts'
import { resourcesOf } from '../tokens/access-token.ts'
import { makeTokens } from '../tokens/issue.ts'
import type { Confirmation, Person, TokenRequest } from '../tokens/model.ts'
import { getsRefreshToken } from '../tokens/refresh-token.ts'
import { defaultScopesOf, heldScopes, narrowResources, scopesFor } from '../tokens/scopes.ts'
import { type GrantHandler, invalidGrant, required } from './grant-handler.ts'

/** RFC 7636 section 4.1. */
const verifierForm = /^[\w.~-]{43,128}$/

/** The authorization code grant with PKCE (OAuth 2.1 section 4.1.3). */
export const authorizationCode: GrantHandler = {
  type: 'authorization_code',
  async handle(request, client) {
    const { context, now } = request
    const code = required(request, 'code')
    const confirmation = await confirmationOf(request, client)
    const found = await findCode(context.store, context.auth, { code, now })
    if (!found.waiting) {
      if (found.used) await endReplayed(context, found.used, { client, now })
      throw invalidGrant('The code is unknown, or it was used already.')
    }
    const person = checkCode(request, { client, waiting: found.waiting, confirmation })
    const { record, session } = found.waiting
    const { rows, response } = await makeTokens(context, {
      ...asked(request, { client, record }),
      client,
      person,
      confirmation,
      grant: {
        ...grantOf(context, { client, record }),
        ...acrOf(session ?? {}),
        codeHash: found.hash,
      },
      now,
    })
    const redemption = { code: found, record, rows, isTrusted: client.skipConsent }
    const isFirst = await redeemCode(context.store, context.auth, redemption)
    if (!isFirst) throw invalidGrant('The code was used already, or what it stands for has ended.')
    context.activity.count(client.clientId, person.id, now)
    return response
  },
}

/**
 * A code that comes again was seen by two (OAuth 2.1 section 4.1.3): what it opened ends, unless it
 * is its own client repeating itself a moment later.
 */
async function endReplayed(
  context: ProviderContext,
  used: UsedCode,
  { client, now }: { client: Client; now: number },
): Promise<void> {
  const isTwice =
    used.clientId === client.clientId &&
    now - new Date(used.createdAt).getTime() < REPEAT_WINDOW * 1000
  if (!isTwice) await endFamilies(context, { id: used.id })
}

interface Presented {
  readonly client: Client
  readonly waiting: WaitingCode
  readonly confirmation: Confirmation | null
}

/** Whether the code counts for who presents it. Whatever is wrong here leaves it as it is (PG2). */
function checkCode(request: MachineRequest, presented: Presented): Person {
  const { client, waiting, confirmation } = presented
  const { record, createdAt, person } = waiting
  const { query } = record
  const lifetime = request.context.options.lifetimes.code * 1000
  if (query.client_id !== client.clientId) throw invalidGrant('The code is of another client.')
  if (createdAt.getTime() + lifetime <= request.now) throw invalidGrant('The code has expired.')
  if (request.parameters.get('redirect_uri') !== query.redirect_uri) {
    throw invalidGrant('The `redirect_uri` is not the one of the authorization request.')
  }
  if (!isProven(request.parameters.get('code_verifier'), query.code_challenge)) {
    throw invalidGrant('The `code_verifier` does not fit the authorization request.')
  }
  if (query.dpop_jkt !== undefined && query.dpop_jkt !== confirmation?.jkt) {
    throw invalidGrant('The code is bound to another DPoP key.')
  }
  const { session, hasConsent, isMember } = waiting
  const isGood = session !== null && isMember && (hasConsent || client.skipConsent)
  if (!person || !isGood || !isWelcome(person, client, request.now)) {
    throw invalidGrant('What the person allowed has ended. Ask them again.')
  }
  return person
}

/** PKCE with S256 (RFC 7636 section 4.6), which every request needs. */
function isProven(verifier: string | undefined, challenge: string | undefined): boolean {
  if (verifier === undefined || challenge === undefined || !verifierForm.test(verifier))
    return false
  const computed = Buffer.from(hash('sha256', verifier, 'base64url'))
  const expected = Buffer.from(challenge)
  return computed.length === expected.length && timingSafeEqual(computed, expected)
}

interface Authorized {
  readonly client: Client
  readonly record: CodeRecord
}

/** What this access token is for: all that was authorized, or the resources it is narrowed to. */
function asked({ context, parameters }: MachineRequest, { client, record }: Authorized) {
  const authorized = resourcesIn(record)
  const resources = narrowResources(parameters.getAll('resource'), authorized)
  const scopes = scopesIn(context, { client, record })
  return {
    scopes: scopesFor(scopes, resourcesOf(context, resources)),
    resources,
    nonce: record.query.nonce,
    refresh: getsRefreshToken(client, scopes),
  } satisfies Partial<TokenRequest>
}

function grantOf(context: ProviderContext, { client, record }: Authorized) {
  return {
    kind: 'code',
    userId: record.userId,
    sessionId: record.sessionId,
    referenceId: record.referenceId ?? null,
    scopes: scopesIn(context, { client, record }),
    resources: resourcesIn(record),
    requestedUserInfoClaims: claimsIn(record),
    authTime: record.authTime === undefined ? null : new Date(record.authTime),
  } as const
}

function scopesIn(context: ProviderContext, { client, record }: Authorized): readonly string[] {
  const scopes = parseScope(record.query.scope)
  return scopes.length > 0 ? heldScopes(scopes, client) : defaultScopesOf(context, client)
}

function resourcesIn({ resource, query }: CodeRecord): readonly string[] {
  return resource ?? [query.resource ?? []].flat()
}

/**
 * Names of the user info claims that were asked for one by one (OpenID Connect Core section 5.5). An
 * ID token carries those of the scopes alone: people are not asked about others.
 */
function claimsIn({ query }: CodeRecord): readonly string[] {
  const { claims } = query
  const parsed: unknown = typeof claims === 'string' ? tryParse(claims) : claims
  const members = isRecord(parsed) ? parsed['userinfo'] : undefined
  return isRecord(members) ? Object.keys(members).slice(0, 50) : []
}

function tryParse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
