import { AuthError } from '../http/auth-error.ts'
import { fromBase64url, toBase64url } from './base64url.ts'

/** Options of a server as JSON (Web Authentication section 5.1.10): bytes are base64url. */
type RequestJSON = PublicKeyCredentialRequestOptionsJSON
type CreationJSON = PublicKeyCredentialCreationOptionsJSON

/** How a person is asked for a passkey. */
export interface AskOptions {
  /** Offers passkeys in the e-mail field instead of a dialog. */
  readonly autofill?: boolean
  readonly signal?: AbortSignal
}

/** Whether this browser knows passkeys. False on a server. */
function supportsPasskeys(): boolean {
  return 'PublicKeyCredential' in globalThis
}

/** Whether this browser offers passkeys in a field with `autocomplete="webauthn"`. */
export async function supportsPasskeyAutofill(): Promise<boolean> {
  if (!supportsPasskeys()) return false
  return (await PublicKeyCredential.isConditionalMediationAvailable?.()) ?? false
}

/** Makes a passkey on this device; the answer is for `verify-registration`. */
export async function createPasskey(json: CreationJSON): Promise<object> {
  const publicKey = {
    ...json,
    challenge: fromBase64url(json.challenge),
    user: { ...json.user, id: fromBase64url(json.user.id) },
    excludeCredentials: (json.excludeCredentials ?? []).map(descriptorOf),
    extensions: extensionsOf(json),
  } as PublicKeyCredentialCreationOptions
  const credential = await ask(() => navigator.credentials.create({ publicKey }))
  const response = credential.response as AuthenticatorAttestationResponse
  return {
    ...common(credential),
    response: {
      clientDataJSON: toBase64url(response.clientDataJSON),
      attestationObject: toBase64url(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  }
}

/** Proves a passkey; the answer is for `verify-authentication`. */
export async function provePasskey(json: RequestJSON, options: AskOptions): Promise<object> {
  const publicKey = {
    ...json,
    challenge: fromBase64url(json.challenge),
    allowCredentials: (json.allowCredentials ?? []).map(descriptorOf),
    extensions: extensionsOf(json),
  } as PublicKeyCredentialRequestOptions
  const credential = await ask(() =>
    navigator.credentials.get({
      publicKey,
      ...(options.autofill === true && { mediation: 'conditional' }),
      ...(options.signal && { signal: options.signal }),
    }),
  )
  const response = credential.response as AuthenticatorAssertionResponse
  return {
    ...common(credential),
    response: {
      clientDataJSON: toBase64url(response.clientDataJSON),
      authenticatorData: toBase64url(response.authenticatorData),
      signature: toBase64url(response.signature),
      ...(response.userHandle && { userHandle: toBase64url(response.userHandle) }),
    },
  }
}

function descriptorOf({ id, ...rest }: PublicKeyCredentialDescriptorJSON): object {
  return { ...rest, id: fromBase64url(id) }
}

/** As they came: none of those that servers ask for carries bytes. */
function extensionsOf(json: { extensions?: object }): AuthenticationExtensionsClientInputs {
  return json.extensions ?? {}
}

function common(credential: PublicKeyCredential): object {
  return {
    id: credential.id,
    rawId: toBase64url(credential.rawId),
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    authenticatorAttachment: credential.authenticatorAttachment,
  }
}

const codes: Readonly<Record<string, string>> = {
  InvalidStateError: 'passkey_exists',
  NotSupportedError: 'passkey_unsupported',
  SecurityError: 'passkey_wrong_site',
}

async function ask(prompt: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  if (!supportsPasskeys()) throw new AuthError(0, 'passkey_unsupported')
  try {
    const credential = await prompt()
    if (credential) return credential as PublicKeyCredential
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : ''
    throw new AuthError(0, codes[name] ?? 'passkey_cancelled', { cause })
  }
  throw new AuthError(0, 'passkey_cancelled')
}
