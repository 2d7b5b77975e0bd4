import {
  decodeBase64url,
  generateKeyPair,
  jwkThumbprint,
  signDpopProof,
} from '@countersign/protocol'
import type { KeyPair } from '@countersign/protocol'
import { isRecord, parseObject } from './json.ts'

/** Options of {@link createDpop}. */
export interface DpopOptions {
  /** The key of the proofs. @default a new one, which lives as long as this process */
  readonly keyPair?: Pick<KeyPair, 'privateKey' | 'publicJwk'> | undefined
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** Proof of possession for one client. Spread it into the options of `createAgentClient`. */
export interface Dpop {
  /** Goes into every agent JWT and binds it to the key. */
  readonly cnf: { readonly jkt: string }
  /** Sends bound JWTs with their proof, and takes up the nonces of servers. */
  readonly fetch: typeof globalThis.fetch
  /** Signs the proof for a JWT that is used outside this client. */
  readonly prove: (request: {
    method: string
    url: string
    token: string
    nonce?: string | undefined
  }) => Promise<string>
}

/**
 * Binds the agent JWTs of a client to a key of their own (RFC 9449): a JWT that leaks is worth
 * nothing without it.
 */
export async function createDpop(options: DpopOptions = {}): Promise<Dpop> {
  const { privateKey, publicJwk } = options.keyPair ?? (await generateKeyPair())
  const send = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const cnf = { jkt: await jwkThumbprint(publicJwk) }
  const nonces = new Map<string, string>()
  const prove: Dpop['prove'] = (request) => signDpopProof({ ...request, privateKey, publicJwk })

  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    const token = boundToken(request, cnf.jkt)
    if (token === undefined) return send(input, init)
    const first = await sendProven(request.clone(), token)
    if (first.status !== 401 || !asksForNonce(first)) return first
    await first.body?.cancel()
    // Neither the JWT nor the proof was used up by that answer (RFC 9449 section 8).
    return sendProven(request, token)
  }

  async function sendProven(request: Request, token: string): Promise<Response> {
    const { method, url } = request
    const { origin } = new URL(url)
    const proof = await prove({ method, url, token, nonce: nonces.get(origin) })
    request.headers.set('authorization', `DPoP ${token}`)
    request.headers.set('dpop', proof)
    const response = await send(request)
    const nonce = response.headers.get('dpop-nonce')
    if (nonce !== null) nonces.set(origin, nonce)
    return response
  }

  return { cnf, fetch, prove }
}

/** The agent JWT of a request, when it is bound to this key. A host's JWT is not, and stays as it is. */
function boundToken({ headers }: Request, jkt: string): string | undefined {
  const token = headers.get('authorization')?.match(/^Bearer (\S+)$/)?.[1]
  const payload = token?.split('.')[1]
  if (token === undefined || payload === undefined) return undefined
  const bytes = decodeBase64url(payload)
  const claims = bytes && parseObject(new TextDecoder().decode(bytes))
  return isRecord(claims?.['cnf']) && claims['cnf']['jkt'] === jkt ? token : undefined
}

function asksForNonce({ headers }: Response): boolean {
  const challenge = headers.get('www-authenticate') ?? ''
  return headers.has('dpop-nonce') && /\bDPoP\b.*error="use_dpop_nonce"/.test(challenge)
}
