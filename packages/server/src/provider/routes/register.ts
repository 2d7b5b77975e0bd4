import { isStorableJson } from '@countersign/protocol'
import { addressGroup } from '../../agent-auth/limits/address.ts'
import { clientAddress } from '../client-address.ts'
import { type Client, isPublic } from '../clients/client.ts'
import { rulesOf } from '../clients/decide.ts'
import { pinOf } from '../clients/document.ts'
import { type ClientMetadata, parseMetadata } from '../clients/metadata.ts'
import { registrationHash } from '../clients/registration-hash.ts'
import { hasSecret } from '../clients/rules.ts'
import { newClientId, newSecret } from '../clients/secret.ts'
import type { MachineRequest, MachineRoute } from '../http.ts'
import { OAuthError } from '../oauth-error.ts'
import { findByRegistration, insertClient } from '../store/clients.ts'

/** The largest registration that is read, in bytes. */
const MAX_BODY = 64 * 1024

/**
 * `POST /oauth2/register`: a client makes itself known (RFC 7591).
 *
 * A public client that says the same again is the same client, so that programs which register at
 * each start leave one row.
 */
export const register: MachineRoute = {
  methods: ['POST'],
  path: '/oauth2/register',
  takes: 'anything',
  crossOrigin: true,
  async handle({ context, request, now }) {
    if (!context.options.dynamicRegistration) {
      throw new OAuthError('access_denied', 'This server does not let clients register.', {
        status: 403,
      })
    }
    const metadata = parseMetadata(
      await readJson(request),
      rulesOf(context.options),
      'client_secret_basic',
    )
    const { client, secret } = await store({ context, request }, metadata)
    return { status: 201, body: viewOf({ client, metadata, secret, now }) }
  },
}

interface Registered {
  readonly client: Pick<Client, 'clientId' | 'createdAt'>
  readonly secret: string | null
}

async function store(
  { context, request }: Pick<MachineRequest, 'context' | 'request'>,
  metadata: ClientMetadata,
): Promise<Registered> {
  const hash = isPublic(metadata) ? registrationHash(metadata) : null
  const known = hash === null ? null : await findByRegistration(context.store, hash)
  if (known) return { client: known, secret: null }
  const address = clientAddress(context.auth, request)
  await context.registrations.count('registration', address && addressGroup(address))
  const made = hasSecret(metadata.tokenEndpointAuthMethod) ? newSecret() : null
  const client = { clientId: newClientId(), createdAt: new Date() }
  const isNew = await insertClient(context.store, {
    ...metadata,
    ...client,
    clientSecret: made?.stored ?? null,
    registration: 'dynamic',
    registrationHash: hash,
    documentPin: pinOf(metadata),
  })
  if (isNew) return { client, secret: made?.secret ?? null }
  // Somebody registered the same in this moment.
  const same = hash === null ? null : await findByRegistration(context.store, hash)
  if (!same) throw new OAuthError('temporarily_unavailable', 'Try again in a moment.')
  return { client: same, secret: null }
}

/** The answer of RFC 7591 section 3.2.1: all that is registered, as it is registered. */
function viewOf({
  client,
  metadata,
  secret,
  now,
}: Registered & { metadata: ClientMetadata; now: number }) {
  const fields = {
    client_id: client.clientId,
    client_id_issued_at: Math.floor((client.createdAt?.getTime() ?? now) / 1000),
    ...(secret !== null && { client_secret: secret, client_secret_expires_at: 0 }),
    redirect_uris: metadata.redirectUris,
    token_endpoint_auth_method: metadata.tokenEndpointAuthMethod,
    grant_types: metadata.grantTypes,
    response_types: metadata.responseTypes,
    scope: (metadata.defaultScopes ?? metadata.scopes).join(' '),
    application_type: metadata.applicationType,
    subject_type: metadata.subjectType,
    client_name: metadata.name,
    client_uri: metadata.uri,
    logo_uri: metadata.icon,
    policy_uri: metadata.policy,
    tos_uri: metadata.tos,
    contacts: metadata.contacts,
    jwks: metadata.jwks === null ? null : (JSON.parse(metadata.jwks) as unknown),
    jwks_uri: metadata.jwksUri,
    software_id: metadata.softwareId,
    software_version: metadata.softwareVersion,
    post_logout_redirect_uris:
      metadata.postLogoutRedirectUris.length > 0 ? metadata.postLogoutRedirectUris : null,
    backchannel_logout_uri: metadata.backchannelLogoutUri,
    backchannel_logout_session_required: metadata.backchannelLogoutUri
      ? metadata.backchannelLogoutSessionRequired
      : null,
    dpop_bound_access_tokens: metadata.dpopBoundAccessTokens || null,
    id_token_signed_response_alg: 'RS256',
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}

async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    throw new OAuthError('invalid_client_metadata', 'The content type must be application/json.')
  }
  const declared = Number(request.headers.get('content-length') ?? 0)
  const text = declared > MAX_BODY ? '' : await request.text()
  if (declared > MAX_BODY || text.length > MAX_BODY) {
    throw new OAuthError('invalid_client_metadata', 'The registration is too large.', {
      status: 413,
    })
  }
  const value = parse(text)
  if (typeof value !== 'object' || value === null || !isStorableJson(value)) {
    throw new OAuthError('invalid_client_metadata', 'The body must be a JSON object.')
  }
  return value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
