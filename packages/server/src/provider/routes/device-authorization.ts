import { randomBytes } from 'node:crypto'
import { admitClient } from '../client-authentication.ts'
import { deviceCode } from '../grants/device-code.ts'
import { refuseDetails } from '../grants/grant-handler.ts'
import type { MachineRoute } from '../http.ts'
import { OAuthError } from '../oauth-error.ts'
import { askedFor, newPending } from '../pending/asked.ts'
import { PENDING_LIFETIME, POLL_INTERVAL } from '../pending/pending.ts'
import { createPending } from '../pending/pending-store.ts'
import { digestUserCode, newUserCode } from '../pending/user-code.ts'
import { tokenHash } from '../tokens/known-tokens.ts'

/**
 * `POST /oauth2/device_authorization`: a device without a browser asks for a code that the person
 * types elsewhere (RFC 8628 section 3.1). Both codes are stored as digests only.
 */
export const deviceAuthorization: MachineRoute = {
  methods: ['POST'],
  path: '/oauth2/device_authorization',
  crossOrigin: true,
  async handle(request) {
    const { context, now } = request
    const client = await admitClient(request)
    refuseDetails(request)
    if (!client.grantTypes.includes(deviceCode.type)) {
      throw new OAuthError('unauthorized_client', 'The client may not use the device grant.')
    }
    const device = `cs_dc_${randomBytes(32).toString('base64url')}`
    const userCode = newUserCode()
    const pending = newPending(
      {
        kind: 'device',
        secretHash: tokenHash(device),
        userCodeHash: digestUserCode(context.auth.secret, userCode),
        clientId: client.clientId,
        ...askedFor(request, client),
      },
      { now, lifetime: PENDING_LIFETIME },
    )
    await createPending(context.store, pending)
    const verificationUri = context.issuer + context.options.pages.device
    return {
      body: {
        device_code: device,
        user_code: userCode,
        verification_uri: verificationUri,
        verification_uri_complete: `${verificationUri}?user_code=${userCode}`,
        expires_in: PENDING_LIFETIME,
        interval: POLL_INTERVAL,
      },
    }
  },
}
