import { askIssuer, type Asking } from './issuer-http.ts'
import { requireSafeUrl } from './options.ts'

/** What a resource server needs of the metadata of an issuer. */
export interface IssuerMetadata {
  readonly jwksUri: string
  readonly introspectionEndpoint: string | undefined
}

/** Milliseconds for which metadata is believed. */
const BELIEVED = 10 * 60_000

/** The metadata of one issuer, read when it is first needed and again after ten minutes. */
export class Issuer {
  readonly #issuer: string
  readonly #asking: Asking
  #known: { readonly metadata: Promise<IssuerMetadata>; readonly until: number } | undefined

  constructor(issuer: string, asking: Asking) {
    this.#issuer = issuer
    this.#asking = asking
  }

  /** Rejects when the issuer does not answer or is somebody else; that is tried again at once. */
  metadata(): Promise<IssuerMetadata> {
    if (this.#known && Date.now() < this.#known.until) return this.#known.metadata
    const metadata = discover(this.#issuer, this.#asking)
    const known = { metadata, until: Date.now() + BELIEVED }
    this.#known = known
    metadata.catch(() => {
      if (this.#known === known) this.#known = undefined
    })
    return metadata
  }
}

/** RFC 8414 section 3, then OpenID Connect Discovery, whose document stands elsewhere. */
async function discover(issuer: string, asking: Asking): Promise<IssuerMetadata> {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  const addresses = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
  ]
  for (const address of addresses) {
    const { status, body } = await askIssuer(asking, address)
    if (status === 404) continue
    if (status !== 200) throw new Error(`${address} answered ${status}.`)
    return read(issuer, body)
  }
  throw new Error(`${issuer} has no metadata.`)
}

function read(issuer: string, body: Readonly<Record<string, unknown>>): IssuerMetadata {
  // RFC 8414 section 3.3: another issuer's document must not choose our keys.
  if (body['issuer'] !== issuer) {
    throw new Error(`${issuer} says that it is ${String(body['issuer'])}.`)
  }
  const endpoint = body['introspection_endpoint']
  return {
    jwksUri: requireSafeUrl('jwks_uri', body['jwks_uri']),
    introspectionEndpoint:
      endpoint === undefined ? undefined : requireSafeUrl('introspection_endpoint', endpoint),
  }
}
