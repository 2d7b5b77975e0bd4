import {
  startAuthentication,
  WebAuthnError,
  type PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser'
import { ApiError } from './api-error.ts'

/** What a passkey signed, as the server takes it. */
export type Countersignature = Readonly<Record<string, unknown>>

/** Asks the person to confirm with their passkey. */
export async function countersign(
  options: PublicKeyCredentialRequestOptionsJSON,
): Promise<Countersignature> {
  try {
    return { ...(await startAuthentication({ optionsJSON: options })) }
  } catch (cause) {
    const code = cause instanceof WebAuthnError ? cause.code : 'AUTH_CANCELLED'
    throw new ApiError(400, code, { cause })
  }
}
