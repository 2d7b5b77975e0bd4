import { admitClient } from '../client-authentication.ts'
import type { Client } from '../clients/client.ts'
import { authorizationCode } from '../grants/authorization-code.ts'
import { ciba } from '../grants/ciba.ts'
import { clientCredentials } from '../grants/client-credentials.ts'
import { deviceCode } from '../grants/device-code.ts'
import { type GrantHandler, refuseDetails, required } from '../grants/grant-handler.ts'
import { jwtBearer } from '../grants/jwt-bearer.ts'
import { refreshToken } from '../grants/refresh-token.ts'
import { tokenExchange } from '../grants/token-exchange.ts'
import type { MachineRoute } from '../http.ts'
import { OAuthError } from '../oauth-error.ts'

/** The grant types of this server. Adding one: new file in grants/, new line here. */
export const grantHandlers: readonly GrantHandler[] = [
  authorizationCode,
  refreshToken,
  clientCredentials,
  deviceCode,
  ciba,
  tokenExchange,
  jwtBearer,
]

const byType = new Map(grantHandlers.map((handler) => [handler.type, handler]))

/** `POST /oauth2/token`: tokens for whatever a client may present (OAuth 2.1 section 3.2). */
export const token: MachineRoute = {
  methods: ['POST'],
  path: '/oauth2/token',
  crossOrigin: true,
  async handle(request) {
    const { context, now } = request
    const client = await admitClient(request)
    refuseDetails(request)
    const type = required(request, 'grant_type')
    const handler = byType.get(type)
    if (!handler)
      throw new OAuthError('unsupported_grant_type', 'There is no such grant type here.')
    if (!mayUse(client, type)) {
      throw new OAuthError('unauthorized_client', 'The client may not use this grant type.')
    }
    const body = await handler.handle(request, client)
    return {
      body,
      ...(context.options.dpopNonce && {
        headers: { 'dpop-nonce': context.dpopNonces.current(now) },
      }),
    }
  },
}

/** What a client is registered for; whoever may stay connected may also refresh. */
function mayUse({ grantTypes, scopes }: Client, type: string): boolean {
  return (
    grantTypes.includes(type) || (type === 'refresh_token' && scopes.includes('offline_access'))
  )
}
