/** A token as the vault keeps it. Whatever else the provider answered is kept beside. */
export interface StoredToken {
  access_token: string
  token_type?: string
  refresh_token?: string
  scope?: string
  id_token?: string
  /** When the access token expires, in seconds since 1970; absent when the provider did not say. */
  expires_at?: number
  [member: string]: unknown
}

/** Whether the access token has expired. Without `expires_at` nobody knows, and the answer is no. */
export function isTokenExpired(token: Pick<StoredToken, 'expires_at'>): boolean {
  return token.expires_at !== undefined && seconds(Date.now()) >= token.expires_at
}

/** A token with what is known of its lifetime. */
export interface Received {
  readonly token: StoredToken
  /** Seconds from when the token was received until it expires. */
  readonly lifetime: number | undefined
}

/** Takes a token in: `expires_in` becomes `expires_at`. Throws a `TypeError` without access token. */
export function receive(response: Readonly<Record<string, unknown>>, now: number): Received {
  const { expires_in, expires_at, health: _ours, ...rest } = response
  const access_token = rest['access_token']
  if (typeof access_token !== 'string' || access_token === '') {
    throw new TypeError('The token has no `access_token`.')
  }
  const answered = toSeconds(expires_in)
  const known = answered ?? remaining(expires_at, now)
  if (known === undefined) return { token: { ...defined(rest), access_token }, lifetime: undefined }
  const expiresAt =
    answered === undefined ? Number(expires_at) : seconds(now) + Math.max(0, answered)
  const token = { ...defined(rest), access_token, expires_at: expiresAt }
  return { token, lifetime: Math.max(0, known) }
}

/**
 * Takes in the answer to a refresh. What the provider leaves out stays as it was (RFC 6749,
 * sections 5.1 and 6): refresh token, ID token and scope; also the lifetime.
 */
export function receiveRefreshed(
  before: Received,
  response: Readonly<Record<string, unknown>>,
  now: number,
): Received {
  const answer = receive(response, now)
  const { expires_at: _over, ...kept } = before.token
  const token = { ...kept, ...answer.token }
  if (answer.lifetime !== undefined) return { token, lifetime: answer.lifetime }
  if (!before.lifetime) return { token, lifetime: undefined }
  return {
    token: { ...token, expires_at: seconds(now) + before.lifetime },
    lifetime: before.lifetime,
  }
}

/** Whole seconds of a time in milliseconds. */
export function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}

/** Some providers send numbers as text. */
function toSeconds(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? Math.floor(number) : undefined
}

function remaining(expiresAt: unknown, now: number): number | undefined {
  const at = toSeconds(expiresAt)
  return at === undefined ? undefined : at - seconds(now)
}

/** An empty member is an absent one: a refresh must not overwrite a token with nothing. */
function defined(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members).filter(
      ([, value]) => value !== undefined && value !== null && value !== '',
    ),
  )
}
