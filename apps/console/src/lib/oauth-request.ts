/** What the server adds to a request when it signs it; the rest is the application's. */
const bookkeeping = new Set(['sig', 'exp', 'ba_iat', 'ba_pl', 'ba_param'])

/** The authorization request that brought somebody to a page, from the query that the server signed. */
export interface OAuthRequest {
  /** Exactly what was signed, for the server to check again. Whatever else is in the address is left out. */
  readonly signed: string
  /** What the application asked, without what the server added. */
  readonly asked: URLSearchParams
  /** When the signature ends, in milliseconds. */
  readonly expiresAt: number
}

/** Reads an authorization request out of a page's query; null when there is none. */
export function readOAuthRequest(search: string): OAuthRequest | null {
  const all = new URLSearchParams(search)
  const names = new Set(all.getAll('ba_param'))
  if (!all.has('sig') || !all.has('client_id') || names.size === 0) return null
  const signed = new URLSearchParams()
  const asked = new URLSearchParams()
  for (const [name, value] of all) {
    if (!names.has(name) && name !== 'sig' && name !== 'ba_param') continue
    signed.append(name, value)
    if (!bookkeeping.has(name)) asked.append(name, value)
  }
  return { signed: signed.toString(), asked, expiresAt: Number(all.get('exp')) * 1000 }
}

/** Whether the person has to sign in although they are signed in, or to make an account first. */
export function asksForSignIn({ asked }: OAuthRequest): boolean {
  const prompts = promptsOf(asked)
  return prompts.includes('login') || prompts.includes('create') || asked.has('max_age')
}

/**
 * Where an application's request goes on without a signature: the same request once more, without
 * the prompts that the person has just answered.
 */
export function authorizePath({ asked }: OAuthRequest, answered: readonly Prompt[] = []): string {
  const query = new URLSearchParams(asked)
  const prompts = promptsOf(asked).filter((prompt) => !isOneOf(answered, prompt))
  if (prompts.length === 0) query.delete('prompt')
  else query.set('prompt', prompts.join(' '))
  if (answered.includes('login')) query.delete('max_age')
  return `/api/auth/oauth2/authorize?${query}`
}

/**
 * The signed query to send along with a sign-in, so that the server goes on with the request by itself;
 * nothing when the signature is over.
 */
export function signedQueryFor(
  { signed, expiresAt }: Pick<OAuthRequest, 'signed' | 'expiresAt'>,
  now: number,
): string | undefined {
  return expiresAt > now ? signed : undefined
}

/** Whether the application wants more than a password: a passkey, or a second factor. */
export function asksForTwoFactors({ asked }: Pick<OAuthRequest, 'asked'>): boolean {
  return (asked.get('acr_values') ?? '').split(' ').includes(twoFactors)
}

/** The class of such a sign-in, as this server names it. */
const twoFactors = 'urn:countersign:acr:2'

/** The prompts of OpenID Connect that a page answers. */
export type Prompt = 'login' | 'create' | 'select_account'

/** The prompts that somebody who has just signed in or signed up has answered. */
export const signInPrompts: readonly Prompt[] = ['login', 'create', 'select_account']

/** The e-mail address that the application expects, if it said so. */
export function expectedEmail({ asked }: OAuthRequest): string {
  const hint = asked.get('login_hint') ?? ''
  return /^[^\s@]+@[^\s@]+$/.test(hint) ? hint : ''
}

function promptsOf(asked: URLSearchParams): string[] {
  return (asked.get('prompt') ?? '').split(' ').filter((prompt) => prompt !== '')
}

function isOneOf(prompts: readonly string[], prompt: string): boolean {
  return prompts.includes(prompt)
}
