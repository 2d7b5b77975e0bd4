import { recordExchange } from '../audit/exchange.ts'
import { type Client, isPublic } from '../clients/client.ts'
import { confirmationOf } from '../dpop.ts'
import type { MachineRequest } from '../http.ts'
import { OAuthError } from '../oauth-error.ts'
import { parseScope } from '../scopes.ts'
import { resourcesOf } from '../tokens/access-token.ts'
import { issueTokens } from '../tokens/issue.ts'
import type { Confirmation, TokenResponse } from '../tokens/model.ts'
import { scopesFor } from '../tokens/scopes.ts'
import { delegate, type Delegation, MAX_ACTORS } from './delegation.ts'
import { actorOf } from './exchange-actor.ts'
import { badSubject, requireSubjectToken, type SubjectToken } from './exchange-subject.ts'
import { type GrantHandler, required } from './grant-handler.ts'
import { issueIdentityAssertion } from './identity-assertion.ts'
import { ownToken, requireWorkload } from './own-token.ts'
import { isStillOpen } from './parent.ts'
import { TOKEN_TYPE } from './token-types.ts'

/**
 * Token exchange (RFC 8693), as delegation: the new token says who acts for the person, allows no
 * more than the one it came from, and ends with it. Nobody becomes the person without a trace.
 */
export const tokenExchange: GrantHandler = {
  type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  async handle(request, client) {
    const { parameters } = request
    if (isPublic(client)) {
      throw new OAuthError('unauthorized_client', 'Token exchange takes a client with a secret.')
    }
    const wanted = parameters.get('requested_token_type') ?? TOKEN_TYPE.accessToken
    if (wanted === TOKEN_TYPE.idJag) return issueIdentityAssertion(request, client)
    if (wanted !== TOKEN_TYPE.accessToken) {
      throw new OAuthError('invalid_request', 'That `requested_token_type` is not supported.')
    }
    const type = required(request, 'subject_token_type')
    if (type === TOKEN_TYPE.accessToken) return delegated(request, client)
    if (type === TOKEN_TYPE.jwt) return workload(request, client)
    throw new OAuthError('invalid_request', 'That `subject_token_type` is not supported.')
  },
}

/** An access token of a person, handed on to the client. */
async function delegated(request: MachineRequest, client: Client): Promise<TokenResponse> {
  const { context } = request
  const confirmation = await confirmationOf(request, client)
  const subject = await requireSubjectToken(request, client, confirmation)
  const userId = subject.person.id
  const actor = await actorOf(request, { client, userId, confirmation })
  const delegation = narrowed(request, { client, subject, actor })
  const response = await issueChild(request, { client, subject, delegation, confirmation })
  if (!(await isStillOpen(context, subject, request.now))) {
    throw badSubject('It is no access token that counts.')
  }
  await recordExchange(context, {
    person: subject.person,
    actor: delegation.actor ?? actor,
    from: subject.client.clientId,
    scopes: delegation.scopes,
    audiences: delegation.resources,
  })
  // Who the person is was told to the client they signed in at, and to nobody who acts for them.
  const { id_token: _, ...rest } = response
  return { ...rest, issued_token_type: TOKEN_TYPE.accessToken }
}

interface Exchanging {
  readonly client: Client
  readonly subject: SubjectToken
  readonly actor: { readonly sub: string; readonly client_id?: string | undefined }
}

function narrowed(
  { context, parameters }: MachineRequest,
  { client, subject, actor }: Exchanging,
): Delegation {
  const named = [...parameters.getAll('resource'), ...parameters.getAll('audience')]
  const resources = [...new Set(named)]
  const targets = resourcesOf(context, resources)
  const result = delegate(
    { scopes: subject.scopes, resources: subject.resources, actor: subject.family.actor },
    {
      scopes: parseScope(parameters.get('scope')),
      resources,
      actor,
      allowed: scopesFor(client.scopes, targets),
    },
  )
  if ('delegated' in result) return result.delegated
  throw new OAuthError(result.refused, refusals[result.refused])
}

const refusals = {
  invalid_scope: 'A scope is not one of the subject token, or not of this client.',
  invalid_target: 'The subject token is not for that resource.',
  invalid_request: `At most ${MAX_ACTORS} actors stand behind a token.`,
}

interface Child {
  readonly client: Client
  readonly subject: SubjectToken
  readonly delegation: Delegation
  readonly confirmation: Confirmation | null
}

async function issueChild(
  { context, now }: MachineRequest,
  { client, subject, delegation, confirmation }: Child,
): Promise<TokenResponse> {
  const { person, family } = subject
  const { scopes, resources, actor } = delegation
  return issueTokens(context, {
    client,
    grant: {
      kind: 'exchange',
      userId: person.id,
      parentId: family.id,
      referenceId: subject.organizationId,
      expiresAt: subject.expiresAt,
      authTime: family.authTime,
      acr: family.acr,
      scopes,
      resources,
      actor,
    },
    person,
    scopes,
    resources,
    confirmation,
    refresh: false,
    now,
  })
}

/** The JWT of a workload for the client's own token: it acts for nobody but itself. */
async function workload(request: MachineRequest, client: Client): Promise<TokenResponse> {
  const jwt = required(request, 'subject_token')
  const known = await requireWorkload(request, client, { jwt, refuse: badSubject })
  if (!mayAct(known.claims['may_act'], client)) {
    throw badSubject('It names somebody else who may act for it.')
  }
  const response = await ownToken(request, known)
  return { ...response, issued_token_type: TOKEN_TYPE.accessToken }
}

/** Whether `may_act` (RFC 8693 section 4.4), where a token has it, names the client. */
function mayAct(claim: unknown, { clientId }: Client): boolean {
  if (claim === undefined) return true
  if (typeof claim !== 'object' || claim === null) return false
  const { sub, client_id: id } = claim as { sub?: unknown; client_id?: unknown }
  return (sub ?? id) === clientId && (id ?? sub) === clientId
}
