import { ProtocolError } from '@countersign/protocol'
import { requireAgent } from '../../agent-auth/authenticate-agent.ts'
import type { Client } from '../clients/client.ts'
import type { MachineRequest } from '../http.ts'
import { OAuthError } from '../oauth-error.ts'
import type { Actor, Confirmation } from '../tokens/model.ts'
import { required } from './grant-handler.ts'
import { requireWorkload } from './own-token.ts'
import { TOKEN_TYPE } from './token-types.ts'

interface Acting {
  readonly client: Client
  /** Whom the subject token is about. */
  readonly userId: string
  readonly confirmation: Confirmation | null
}

/**
 * Who acts with an exchanged token: the client, or with an `actor_token` a part of it that proves who
 * it is. Nobody acts unnamed, and nobody is named who did not prove it.
 *
 * That is an agent of Agent Auth which acts for the same person, a workload of the client, or the
 * client itself by its own access token.
 */
export async function actorOf(
  request: MachineRequest,
  acting: Acting,
): Promise<Omit<Actor, 'act'>> {
  const { parameters, context } = request
  const { clientId } = acting.client
  const token = parameters.get('actor_token')
  if (token === undefined) {
    if (parameters.get('actor_token_type') !== undefined)
      throw badActor('`actor_token` is missing.')
    return { sub: clientId, client_id: clientId }
  }
  const type = required(request, 'actor_token_type')
  if (type === TOKEN_TYPE.accessToken) return ownToken(request, acting, token)
  if (type !== TOKEN_TYPE.jwt) throw badActor('That `actor_token_type` is not supported.')
  const sub = context.trustedIssuers.names(token)
    ? (await requireWorkload(request, acting.client, { jwt: token, refuse: badActor })).subject
    : await agentOf(request, acting, token)
  return { sub, client_id: clientId }
}

async function ownToken(
  { context, now }: MachineRequest,
  { client: { clientId }, confirmation }: Acting,
  token: string,
): Promise<Omit<Actor, 'act'>> {
  const known = await context.tokens.live(token, now)
  const isOwn = known?.kind === 'access' && known.client.clientId === clientId
  if (!isOwn || known.userId !== null) throw badActor('It is not an access token of the client.')
  if (known.confirmation && known.confirmation.jkt !== confirmation?.jkt) {
    throw badActor('It is bound to a key: prove that key.')
  }
  return { sub: clientId, client_id: clientId }
}

async function agentOf(
  { context: { agents }, url, now }: MachineRequest,
  { userId }: Acting,
  token: string,
): Promise<string> {
  if (!agents) throw badActor('Nobody whom this server trusts made the JWT.')
  const headers = new Headers({ authorization: `Bearer ${token}` })
  const request = { context: agents, headers, method: 'POST', url: () => url, now }
  const { principal } = await requireAgent(request, agents.issuer).catch((error: unknown) => {
    const isRefusal = error instanceof ProtocolError && [400, 401, 403].includes(error.status)
    throw isRefusal ? badActor(error.message) : error
  })
  if (principal.mode !== 'delegated' || principal.userId !== userId) {
    throw badActor('The agent does not act for this person.')
  }
  // A JWT for some capabilities is for those, and acting elsewhere is none of them.
  if (principal.capabilities) throw badActor('The JWT of the agent is limited to capabilities.')
  return principal.agentId
}

/** RFC 8693 section 2.2.2 has one code for every actor that is not accepted. */
function badActor(why: string): OAuthError {
  return new OAuthError('invalid_request', `The actor token is not accepted. ${why}`)
}
