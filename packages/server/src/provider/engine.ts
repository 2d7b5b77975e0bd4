import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { AuthContext } from '@better-auth/core'
import {
  type ClientDiscovery,
  getOAuthProviderState,
  oauthProvider,
} from '@better-auth/oauth-provider'
import { dispatchAuthEndpoint, getOAuthState, type getSessionFromCtx } from 'better-auth/api'
import * as z from 'zod'
import { DOCUMENT_DISCOVERY, isDocumentId } from './clients/document-id.ts'
import type { ResolvedProviderOptions } from './options.ts'

/*
 * All that is known here of how `@better-auth/oauth-provider` works inside: its options, the record
 * of a code, and which of its endpoints people reach. A test holds it against the pinned version.
 */

/** How long, in seconds, somebody may take to sign in and decide. The engine signs pages for it. */
const INTERACTION = 600

/** What the engine asks back. */
export interface EngineHooks {
  /** Whether the document at a URL describes a client, which is stored then. */
  readonly resolveDocument: (auth: AuthContext, clientId: string) => Promise<boolean>
  /** The organization that a session of a person works in, if they still belong to it. */
  readonly organizationOf: (caller: {
    readonly userId: string
    readonly activeOrganizationId: unknown
  }) => Promise<string | null>
}

/** Clients whose id is the URL of a document about them: ours to fetch, the engine's to ask for. */
function documentDiscovery(
  { dangerouslyAllowLoopback }: ResolvedProviderOptions,
  { resolveDocument }: EngineHooks,
): ClientDiscovery {
  return {
    id: DOCUMENT_DISCOVERY,
    matches: (clientId) => isDocumentId(clientId, dangerouslyAllowLoopback ?? false),
    resolve: async ({ context }, clientId) => {
      if (!(await resolveDocument(context, clientId))) return null
      const where = [{ field: 'clientId', value: clientId }]
      return context.adapter.findOne({ model: 'oauthClient', where })
    },
  }
}

/** The engine, for authorize, consent and logout. */
export function createEngine(options: ResolvedProviderOptions, hooks: EngineHooks) {
  const { pages } = options
  return oauthProvider({
    loginPage: pages.signIn,
    consentPage: pages.consent,
    signup: { page: pages.signUp },
    selectAccount: { page: pages.selectAccount, shouldRedirect: () => false },
    postLogin: {
      page: pages.consent,
      shouldRedirect: () => false,
      consentReferenceId: async ({ user, session }) =>
        (await hooks.organizationOf({
          userId: user.id,
          activeOrganizationId: session['activeOrganizationId'],
        })) ?? undefined,
    },
    scopes: [...options.scopes.keys()],
    resources: options.resources.map(({ identifier, name, scopes, requireDpop }) => ({
      identifier,
      name: name ?? identifier,
      ...(scopes && { allowedScopes: [...scopes] }),
      ...(requireDpop && { dpopBoundAccessTokensRequired: true }),
    })),
    resourceSeedMode: 'merge',
    enforcePerClientResources: false,
    codeExpiresIn: INTERACTION,
    ...(options.metadataDocuments && {
      extensions: [{ clientDiscovery: documentDiscovery(options, hooks) }],
    }),
    rateLimit: {
      token: false,
      introspect: false,
      revoke: false,
      register: false,
      userinfo: false,
    },
  })
}

export type Engine = ReturnType<typeof createEngine>

/** Under which identifier the engine keeps the record of a code. */
export function codeIdentifier(code: string): string {
  return createHash('sha256').update(code).digest('base64url')
}

const texts = z.union([z.string(), z.array(z.string())]).optional()

/** The record of a code: who authorized what, for which request. */
export const codeRecord = z.object({
  type: z.literal('authorization_code'),
  query: z.object({
    client_id: z.string(),
    redirect_uri: z.string(),
    scope: z.string().optional(),
    nonce: z.string().optional(),
    code_challenge: z.string().optional(),
    code_challenge_method: z.literal('S256').optional(),
    claims: z.unknown().optional(),
    acr_values: z.string().optional(),
    dpop_jkt: z.string().optional(),
    resource: texts,
  }),
  userId: z.string(),
  sessionId: z.string(),
  referenceId: z.string().optional(),
  /** Milliseconds since the epoch. */
  authTime: z.number().optional(),
  resource: z.array(z.string()).optional(),
})

export type CodeRecord = z.infer<typeof codeRecord>

/** Reads a stored record of a code; null for a record of anything else. */
export function parseCodeRecord(value: string): CodeRecord | null {
  try {
    return codeRecord.safeParse(JSON.parse(value)).data ?? null
  } catch {
    return null
  }
}

/** The context of a Better Auth endpoint, as the engine's are called with it. */
export type EndpointContext = Parameters<typeof getSessionFromCtx>[0]

/** Parameters of an authorization request; `resource` may be a list. */
export type AuthorizationQuery = Readonly<Record<string, string | readonly string[]>>

/** Goes on with a checked request, and returns where that leads: a page of ours, or the client. */
export async function runAuthorize(
  { endpoints }: Engine,
  ctx: EndpointContext,
  query: AuthorizationQuery,
): Promise<string> {
  // As if it started here: else the engine takes it that the account was chosen.
  const authorizeSettings = { isAuthorize: true }
  const input = { ...inputOf(ctx), method: 'GET', query, authorizeSettings }
  return destinationOf(await dispatchAuthEndpoint(endpoints.oauth2Authorize, input))
}

/** Stores what a person decided about the signed request, and returns where that leads. */
export async function runConsent(
  { endpoints }: Engine,
  ctx: EndpointContext,
  body: {
    readonly accept: boolean
    readonly scope?: string
    readonly claims?: string
    readonly oauth_query: string
  },
): Promise<string> {
  const input = { ...inputOf(ctx), method: 'POST', query: {}, body }
  return destinationOf(await dispatchAuthEndpoint(endpoints.oauth2Consent, input))
}

/** Asked for JSON, the engine says where to go instead of redirecting. */
function inputOf(ctx: EndpointContext) {
  const headers = new Headers(ctx.headers)
  headers.set('accept', 'application/json')
  const context = { ...ctx.context, adapter: exactConsents(ctx.context.adapter) }
  return {
    ...ctx,
    context,
    headers,
    body: undefined,
    asResponse: false,
    returnHeaders: false,
    returnStatus: false,
  }
}

function destinationOf(answer: unknown): string {
  return z.object({ url: z.string() }).parse(answer).url
}

/**
 * Without an organization the engine takes whichever consent comes first, also one for an
 * organization. Here it finds the one outside organizations, and no other.
 *
 * For a request without a resource it leaves the resources of the consent before in place: they would
 * go together with scopes that nobody allowed there. Here they go.
 */
function exactConsents(adapter: AuthContext['adapter']): AuthContext['adapter'] {
  const findOne: typeof adapter.findOne = async <Row>(
    question: Parameters<typeof adapter.findOne>[0],
  ): Promise<Row | null> => {
    const { model, where } = question
    if (model !== 'oauthConsent' || where.some(({ field }) => field === 'referenceId')) {
      return adapter.findOne<Row>(question)
    }
    const rows = await adapter.findMany<Row & { referenceId?: unknown }>({ model, where })
    return rows.find(({ referenceId }) => (referenceId ?? null) === null) ?? null
  }
  const update: typeof adapter.update = (change) => {
    if (change.model !== 'oauthConsent') return adapter.update(change)
    const { update: values } = change
    return adapter.update({
      ...change,
      update: { ...values, resources: values['resources'] ?? [] },
    })
  }
  return { ...adapter, findOne, update }
}

/** A request as the engine signed it for a page. */
export interface SignedRequest {
  readonly query: URLSearchParams
  /** When it was signed, in milliseconds since the epoch. */
  readonly issuedAt: number
  /** The session that the consent page was opened for; null on every other page. */
  readonly sessionId: string | null
}

/** Parameters that the engine adds to a request when it signs it. */
const added = ['sig', 'exp', 'ba_iat', 'ba_pl', 'ba_param'] as const

/** Opens the query of a page: null unless this server signed all of it, and not too long ago. */
export function openSigned(text: string, secret: string, now: number): SignedRequest | null {
  const query = new URLSearchParams(text)
  const [signature = '', ...more] = query.getAll('sig')
  query.delete('sig')
  if (more.length > 0 || !isSignatureOf(signature, canonical(query), secret)) return null
  if (!(Number(query.get('exp')) * 1000 >= now)) return null
  const issuedAt = Number(query.get('ba_iat'))
  const sessionId = query.get('ba_pl')
  for (const name of added) query.delete(name)
  return { query, issuedAt, sessionId }
}

function canonical(query: URLSearchParams): string {
  const pairs = [...query].sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
  return new URLSearchParams(pairs).toString()
}

function compare(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}

function isSignatureOf(signature: string, text: string, secret: string): boolean {
  const expected = createHmac('sha256', secret).update(text).digest('base64')
  const encoder = new TextEncoder()
  const [one, other] = [encoder.encode(signature), encoder.encode(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}

/** The request that a sign-in in this moment belongs to; null for a sign-in of its own. */
export async function requestBehindSignIn(): Promise<Omit<SignedRequest, 'sessionId'> | null> {
  const state = await getOAuthProviderState()
  if (state?.query) {
    return {
      query: withoutAdded(state.query),
      issuedAt: state.signedQueryIssuedAt?.getTime() ?? Number.NaN,
    }
  }
  const carried = (await getOAuthState())?.serverContext
  const query: unknown = carried?.['query']
  if (typeof query !== 'string') return null
  return { query: withoutAdded(query), issuedAt: Number(carried?.['signedQueryIssuedAtMs']) }
}

function withoutAdded(text: string): URLSearchParams {
  const query = new URLSearchParams(text)
  for (const name of added) query.delete(name)
  return query
}
