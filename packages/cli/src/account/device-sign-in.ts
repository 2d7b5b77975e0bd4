import { setTimeout as sleep } from 'node:timers/promises'
import { AccountError } from './account-error.ts'
import type { AuthorizationServer } from './authorization-server.ts'
import { refusal, request, send, textIn } from './request.ts'
import type { ServerAnswer } from './request.ts'
import { clientId, readTokens, scope } from './sign-in.ts'
import type { SignIn } from './sign-in.ts'

/** What a person needs to decide in a browser (RFC 8628 section 3.2). */
export interface DeviceRequest {
  readonly issuer: string
  readonly verification_uri: string
  readonly verification_uri_complete?: string
  readonly user_code: string
  /** Seconds. */
  readonly expires_in: number
  /** Seconds between two questions. */
  readonly interval: number
}

interface DeviceSignIn {
  readonly server: AuthorizationServer
  readonly signal: AbortSignal
  /** Shows the person where to decide. */
  readonly onRequest: (request: DeviceRequest) => Promise<void>
}

/** Signs a person in with the device grant (RFC 8628). Throws `AccountError` when they do not. */
export async function signInWithDevice(options: DeviceSignIn): Promise<SignIn> {
  const { server, signal, onRequest } = options
  const body = await request({
    url: server.deviceAuthorization,
    method: 'POST',
    form: { client_id: clientId, scope },
    signal,
  })
  const deviceCode = textIn(body, 'device_code')
  const userCode = textIn(body, 'user_code')
  const page = textIn(body, 'verification_uri')
  if (!deviceCode || !userCode || !page || !URL.canParse(page)) {
    throw new AccountError('network', 'The server answered without a code.')
  }
  const complete = textIn(body, 'verification_uri_complete')
  const asked: DeviceRequest = {
    issuer: server.issuer,
    verification_uri: page,
    ...(complete && URL.canParse(complete) ? { verification_uri_complete: complete } : {}),
    user_code: userCode,
    expires_in: secondsIn(body['expires_in'], 300),
    interval: secondsIn(body['interval'], 5),
  }
  await onRequest(asked)
  return waitForDecision({ ...options, asked, deviceCode })
}

interface Waiting extends DeviceSignIn {
  readonly asked: DeviceRequest
  readonly deviceCode: string
}

async function waitForDecision({ server, signal, asked, deviceCode }: Waiting): Promise<SignIn> {
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: deviceCode,
    client_id: clientId,
  }
  const endsAt = Date.now() + asked.expires_in * 1000
  let { interval } = asked
  while (Date.now() < endsAt) {
    await pause(interval * 1000, signal)
    const answer = await poll({ url: server.token, form, signal })
    if (answer?.status === 200) return readTokens(answer.body, server.issuer, Date.now())
    const error = answer?.body['error']
    // Nobody answered, or not for now: asked more slowly, as long as the code lives (section 3.5).
    if (!answer || answer.status >= 500 || error === 'slow_down') interval += 5
    else if (error !== 'authorization_pending') throw ended(answer)
  }
  throw new AccountError('not_signed_in', 'Nobody decided in time. Start again.', {
    code: 'expired_token',
  })
}

async function poll(question: {
  url: string
  form: Readonly<Record<string, string>>
  signal: AbortSignal
}): Promise<ServerAnswer | undefined> {
  try {
    return await send({ ...question, method: 'POST' })
  } catch (error) {
    if (error instanceof AccountError && error.kind === 'network') return undefined
    throw error
  }
}

function ended(answer: ServerAnswer): AccountError {
  const { error: code } = answer.body
  const messages: Readonly<Record<string, string>> = {
    access_denied: 'The sign-in was denied.',
    expired_token: 'The code has expired. Start again.',
  }
  const message = typeof code === 'string' ? messages[code] : undefined
  if (message === undefined) return refusal(answer)
  return new AccountError('not_signed_in', message, { code: String(code) })
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted())
}

function secondsIn(value: unknown, fallback: number): number {
  return typeof value === 'number' && value > 0 && value <= 3600 ? value : fallback
}
