import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import type { AuthorizationQuery } from '../engine.ts'
import { parameters as readOnce } from '../http.ts'
import { OAuthError } from '../oauth-error.ts'
import { isRegisteredRedirectUri } from '../redirect-uri.ts'
import { isPushedRequest, takePushedRequest } from '../store/pushed-requests.ts'
import { checkRequest } from './check-request.ts'
import { type ClientAddress, errorPage, toClient } from './destination.ts'

/** A request that may go on, or where whoever sent it is told why not. */
export type Guarded =
  | { readonly ok: true; readonly client: Client; readonly query: AuthorizationQuery }
  | { readonly ok: false; readonly url: string }

/** The longest request, in characters: it travels in URLs from page to page. */
const MAX_LENGTH = 8_192

/** Nothing that a request is made of has control characters; databases refuse some of them. */
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u001F\u007F]/

/**
 * Checks an authorization request before the engine sees it.
 *
 * An error goes to the client only by a redirect URI that is registered for it; everything else is
 * shown on a page of this server (RFC 6749 section 4.1.2.1).
 */
export async function guardRequest(
  context: ProviderContext,
  sent: URLSearchParams,
): Promise<Guarded> {
  try {
    const client = await findClient(context, sent)
    const request = await resolvePushed(context, client, sent)
    const address = addressOf(client, request)
    return continueTo(context, { client, request, address })
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    return { ok: false, url: errorPage(context, error) }
  }
}

interface Located {
  readonly client: Client
  readonly request: URLSearchParams
  readonly address: ClientAddress
}

function continueTo(context: ProviderContext, { client, request, address }: Located): Guarded {
  try {
    return { ok: true, client, query: checkRequest(readOnce(request), client, context.options) }
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    return { ok: false, url: toClient(context, address, error) }
  }
}

/** The client that a request names, or an error for the error page. */
async function findClient({ clients }: ProviderContext, sent: URLSearchParams): Promise<Client> {
  if (String(sent).length > MAX_LENGTH) {
    throw new OAuthError('invalid_request', 'The request is too long. Push it (RFC 9126).')
  }
  if ([...sent].some(([name, value]) => control.test(name) || control.test(value))) {
    throw new OAuthError('invalid_request', 'The request has control characters.')
  }
  const clientId = single(sent, 'client_id')
  const client = await clients.find(clientId)
  if (!client || client.clientId !== clientId) {
    throw new OAuthError('invalid_client', 'No application is registered with this `client_id`.')
  }
  if (client.disabled) {
    throw new OAuthError('unauthorized_client', 'This application is switched off here.')
  }
  return client
}

/** What was pushed (RFC 9126 section 4): nothing beside it counts. */
async function resolvePushed(
  context: ProviderContext,
  client: Client,
  sent: URLSearchParams,
): Promise<URLSearchParams> {
  if (!isPushedRequest(sent.get('request_uri') ?? '')) return sent
  const pushed = await takePushedRequest(context, client, single(sent, 'request_uri'))
  if (pushed) return pushed
  throw new OAuthError(
    'invalid_request_uri',
    'The `request_uri` is unknown, used or too old. Start again in the application.',
  )
}

/** Where the client may be told anything: the redirect URI, if it is one of its own. */
function addressOf(client: Client, request: URLSearchParams): ClientAddress {
  const redirectUri = single(request, 'redirect_uri')
  if (!isRegisteredRedirectUri(redirectUri, client.redirectUris)) {
    throw new OAuthError(
      'invalid_request',
      'The `redirect_uri` is not registered for this application.',
    )
  }
  const states = request.getAll('state')
  return { redirectUri, state: states.length === 1 ? (states[0] ?? null) : null }
}

function single(parameters: URLSearchParams, name: string): string {
  const [value, ...more] = parameters.getAll(name)
  if (!value) throw new OAuthError('invalid_request', `\`${name}\` is missing.`)
  if (more.length > 0) throw new OAuthError('invalid_request', `\`${name}\` comes twice.`)
  return value
}
