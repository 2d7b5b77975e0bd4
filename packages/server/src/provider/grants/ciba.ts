import type { GrantHandler } from './grant-handler.ts'
import { pollForTokens } from './pending-grant.ts'

/** The CIBA grant (OpenID CIBA Core section 10.1): tokens once the person that was asked has said yes. */
export const ciba: GrantHandler = {
  type: 'urn:openid:params:grant-type:ciba',
  handle: (request, client) =>
    pollForTokens(request, client, { kind: 'ciba', parameter: 'auth_req_id' }),
}
