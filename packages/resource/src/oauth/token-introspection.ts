import { sha256 } from '@countersign/protocol'
import { type AccessToken, readIntrospectedClaims } from './access-token.ts'
import { AccessTokenError } from './error.ts'
import { askIssuer, issuerAway } from './issuer-http.ts'
import type { Issuer } from './issuer.ts'
import type { ResolvedAccessTokenOptions, ResolvedIntrospection } from './options.ts'

/** How many answers are remembered. */
const MAX_KNOWN = 10_000

/**
 * Asks the issuer about tokens (RFC 7662), as the resource server's own client.
 *
 * A yes may be remembered for some seconds, a no never. Whatever keeps the issuer from answering is
 * `temporarily_unavailable`.
 */
export class TokenIntrospection {
  readonly #options: ResolvedAccessTokenOptions
  readonly #asking: ResolvedIntrospection
  readonly #issuer: Issuer
  readonly #known = new Map<string, { readonly token: AccessToken; readonly until: number }>()

  constructor(
    options: ResolvedAccessTokenOptions,
    { asking, issuer }: { readonly asking: ResolvedIntrospection; readonly issuer: Issuer },
  ) {
    this.#options = options
    this.#asking = asking
    this.#issuer = issuer
  }

  /** Reads one token. Throws `invalid_token` when it does not count here. */
  async read(token: string): Promise<AccessToken> {
    // A secret is not kept: its digest finds it again.
    const key = await sha256(token)
    const askedAt = Date.now()
    const known = this.#known.get(key)
    if (known && askedAt < known.until) return known.token
    const read = this.#judge(await this.#ask(token))
    const until = Math.min(askedAt + this.#asking.cacheFor * 1000, read.expiresAt * 1000)
    if (until > askedAt) this.#remember(key, { token: read, until })
    return read
  }

  #judge(answer: Readonly<Record<string, unknown>>): AccessToken {
    if (answer['active'] !== true) {
      throw new AccessTokenError('invalid_token', 'The token is unknown, expired or revoked.')
    }
    return readIntrospectedClaims(answer, { ...this.#options, now: Date.now() / 1000 })
  }

  async #ask(token: string): Promise<Readonly<Record<string, unknown>>> {
    let retryAfter: string | null = null
    try {
      const url = await this.#endpoint()
      const answer = await askIssuer(this.#options, url, {
        method: 'POST',
        headers: {
          authorization: basic(this.#asking),
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: new URLSearchParams({ token, token_type_hint: 'access_token' }).toString(),
      })
      retryAfter = answer.retryAfter
      if (answer.status === 200 && typeof answer.body['active'] === 'boolean') return answer.body
      throw new Error(`${url} answered ${answer.status}, without saying whether the token counts.`)
    } catch (error) {
      this.#options.onError(error)
      throw issuerAway(error, retryAfter)
    }
  }

  async #endpoint(): Promise<string> {
    const url = this.#asking.url ?? (await this.#issuer.metadata()).introspectionEndpoint
    if (url !== undefined) return url
    throw new Error(`${this.#options.issuer} has no introspection endpoint.`)
  }

  #remember(key: string, answer: { readonly token: AccessToken; readonly until: number }): void {
    this.#known.delete(key)
    this.#known.set(key, answer)
    const [oldest] = this.#known.size > MAX_KNOWN ? this.#known.keys() : []
    if (oldest !== undefined) this.#known.delete(oldest)
  }
}

/** RFC 6749 section 2.3.1: both parts are form-encoded before they are joined. */
function basic({ clientId, clientSecret }: ResolvedIntrospection): string {
  const encode = (text: string) => new URLSearchParams({ v: text }).toString().slice(2)
  return `Basic ${btoa(`${encode(clientId)}:${encode(clientSecret)}`)}`
}
