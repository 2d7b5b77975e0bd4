import { DEVICE_CODE } from '../clients/rules.ts'
import type { GrantHandler } from './grant-handler.ts'
import { pollForTokens } from './pending-grant.ts'

/** The device grant (RFC 8628 section 3.4): tokens for a device, once the person has said yes elsewhere. */
export const deviceCode: GrantHandler = {
  type: DEVICE_CODE,
  handle: (request, client) =>
    pollForTokens(request, client, { kind: 'device', parameter: 'device_code' }),
}
