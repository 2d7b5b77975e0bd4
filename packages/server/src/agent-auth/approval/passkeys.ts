import type { AuthContext } from '@better-auth/core'
import {
  canonicalJson,
  decodeBase64url,
  encodeBase64url,
  ProtocolError,
  sha256,
} from '@countersign/protocol'
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  verifyAuthenticationResponse,
} from '@simplewebauthn/server'
import type { AgentAuthContext } from '../context.ts'

const CHALLENGE_LIFETIME = 300

interface Passkey {
  readonly id: string
  readonly credentialID: string
  readonly publicKey: string
  readonly counter: number
  readonly transports?: string | null
}

/** The passkeys of a person; none when the passkey plugin is not installed. */
export async function findPasskeys(auth: AuthContext, userId: string): Promise<Passkey[]> {
  if (!auth.options.plugins?.some(({ id }) => id === 'passkey')) return []
  const where = [{ field: 'userId', value: userId }]
  return auth.adapter.findMany<Passkey>({ model: 'passkey', where })
}

/** What a person is about to sign: the document of their decision, and who they are. */
export interface StepUp {
  readonly context: AgentAuthContext
  readonly auth: AuthContext
  readonly userId: string
  /** Exactly what the decision activates. */
  readonly document: Readonly<Record<string, unknown>>
}

/**
 * Options for a passkey assertion over one decision.
 *
 * The challenge is the hash of the decision and a nonce that works once, so that an assertion
 * stands for nothing else (specification, 8.11). User verification is required.
 */
export async function createChallenge({ context, auth, userId, document }: StepUp) {
  const passkeys = await findPasskeys(auth, userId)
  if (passkeys.length === 0) {
    const message = 'Add a passkey to your account first.'
    throw new ProtocolError('webauthn_required', { message })
  }
  const nonce = encodeBase64url(crypto.getRandomValues(new Uint8Array(32)))
  const challenge = await challengeOf(document, nonce)
  await auth.internalAdapter.createVerificationValue({
    identifier: identifierOf(userId, challenge),
    value: nonce,
    expiresAt: new Date(Date.now() + CHALLENGE_LIFETIME * 1000),
  })
  return generateAuthenticationOptions({
    rpID: relyingParty(context),
    challenge: fromBase64url(challenge),
    userVerification: 'required',
    timeout: CHALLENGE_LIFETIME * 1000,
    allowCredentials: passkeys.map(({ credentialID }) => ({ id: credentialID })),
  })
}

/**
 * Checks that a passkey of this person signed exactly this decision. Throws `webauthn_required`.
 *
 * The nonce is consumed first, so that of two uses of one assertion one fails.
 */
export async function requireAssertion(stepUp: StepUp, response: unknown): Promise<void> {
  const { context, auth, userId, document } = stepUp
  const assertion = response as AuthenticationResponseJSON | undefined
  const signed = assertion && readChallenge(assertion)
  if (!assertion || !signed) throw new ProtocolError('webauthn_required')

  const stored = await auth.internalAdapter.consumeVerificationValue(identifierOf(userId, signed))
  const isCurrent = stored && new Date(stored.expiresAt) > new Date()
  if (!isCurrent || (await challengeOf(document, stored.value)) !== signed) {
    const message = 'The passkey did not confirm exactly this decision. Try again.'
    throw new ProtocolError('webauthn_required', { message })
  }
  const passkeys = await findPasskeys(auth, userId)
  const passkey = passkeys.find(({ credentialID }) => credentialID === assertion.id)
  if (!passkey) throw new ProtocolError('webauthn_required')
  const counter = await verify(context, { assertion, passkey, challenge: signed })
  await auth.adapter.update({
    model: 'passkey',
    where: [{ field: 'id', value: passkey.id }],
    update: { counter },
  })
}

async function verify(
  context: AgentAuthContext,
  proof: { assertion: AuthenticationResponseJSON; passkey: Passkey; challenge: string },
): Promise<number> {
  const { assertion, passkey, challenge } = proof
  const { origin = context.issuer } = context.options.proofOfPresence
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: assertion,
      expectedChallenge: challenge,
      expectedOrigin: typeof origin === 'string' ? origin : [...origin],
      expectedRPID: relyingParty(context),
      requireUserVerification: true,
      credential: {
        id: passkey.credentialID,
        // Better Auth keeps the key in plain base64.
        publicKey: Uint8Array.from(atob(passkey.publicKey), (char) => char.charCodeAt(0)),
        counter: passkey.counter,
      },
    })
    if (verified) return authenticationInfo.newCounter
  } catch (cause) {
    throw new ProtocolError('webauthn_required', { message: 'The passkey is not valid.', cause })
  }
  throw new ProtocolError('webauthn_required', { message: 'The passkey is not valid.' })
}

function relyingParty({ options, issuer }: AgentAuthContext): string {
  return options.proofOfPresence.rpId ?? new URL(issuer).hostname
}

async function challengeOf(document: Readonly<Record<string, unknown>>, nonce: string) {
  return sha256(`${nonce}.${canonicalJson(document)}`)
}

function identifierOf(userId: string, challenge: string): string {
  return `agent-approval:${userId}:${challenge}`
}

/** The challenge inside the signed client data. */
function readChallenge({ response }: AuthenticationResponseJSON): string | null {
  try {
    const text = new TextDecoder().decode(fromBase64url(response.clientDataJSON))
    const { challenge } = JSON.parse(text) as { challenge?: unknown }
    return typeof challenge === 'string' && challenge.length <= 128 ? challenge : null
  } catch {
    return null
  }
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(decodeBase64url(text) ?? [])
}
