import { admitClient } from '../client-authentication.ts'
import { checkRequest } from '../guard/check-request.ts'
import type { MachineRequest, MachineRoute, Reply } from '../http.ts'
import { OAuthError } from '../oauth-error.ts'
import { isRegisteredRedirectUri } from '../redirect-uri.ts'
import { keepPushedRequest, PUSHED_LIFETIME } from '../store/pushed-requests.ts'

/** `POST /oauth2/par`: keeps an authorization request of a client that proved who it is (RFC 9126). */
export const pushRequest: MachineRoute = {
  methods: ['POST'],
  path: '/oauth2/par',
  handle: answer,
}

async function answer(request: MachineRequest): Promise<Reply> {
  const { context, parameters } = request
  const client = await admitClient(request)
  if (parameters.get('request_uri') !== undefined) {
    throw new OAuthError('invalid_request', 'A pushed request cannot refer to another one.')
  }
  if (!isRegisteredRedirectUri(parameters.get('redirect_uri') ?? '', client.redirectUris)) {
    throw new OAuthError(
      'invalid_request',
      'The `redirect_uri` is not registered for this application.',
    )
  }
  const query = checkRequest(parameters, client, context.options)
  const kept = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const one of typeof value === 'string' ? [value] : value) kept.append(name, one)
  }
  const requestUri = await keepPushedRequest(context, client, kept)
  return { status: 201, body: { request_uri: requestUri, expires_in: PUSHED_LIFETIME } }
}
