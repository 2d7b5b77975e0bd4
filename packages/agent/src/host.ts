import { generateKeyPair, importPrivateJwk, signHostJwt } from '@countersign/protocol'
import type { CryptoKey, PrivateJwk, PublicJwk } from '@countersign/protocol'
import { AgentClientError } from './errors.ts'
import type { AgentContext } from './context.ts'
import type { StoredHost } from './storage/storage.ts'
import type { Provider } from './wire.ts'

/** The key of this client at one server, or nothing when it never connected there. */
export function findHost(context: AgentContext, issuer: string): Promise<StoredHost | undefined> {
  return context.storage.hosts.get(new URL(issuer).origin)
}

/** The key of this client at one server, which connecting made. */
export async function getHost(context: AgentContext, issuer: string): Promise<StoredHost> {
  const host = await findHost(context, issuer)
  if (host) return host
  throw new AgentClientError('unknown_agent', `There is no key for ${issuer} here.`)
}

/**
 * The key of this client at one server, made on first use.
 *
 * One key per issuer: two servers cannot tell that the same machine visits both (§9.1).
 */
export async function ensureHost(context: AgentContext, provider: Provider): Promise<StoredHost> {
  const existing = await findHost(context, provider.issuer)
  if (existing) return existing
  const made: StoredHost = {
    issuer: provider.issuer,
    provider_name: provider.name,
    description: provider.description,
    ...(await newKeys()),
    created_at: new Date(context.clock.now()).toISOString(),
  }
  // Another process may have been faster; its key is the one that counts.
  const key = new URL(provider.issuer).origin
  return (await context.storage.hosts.update(key, (current) => current ?? made)) ?? made
}

/** Makes a key in the form it is stored in. */
export async function newKeys(): Promise<Pick<StoredHost, 'public_jwk' | 'private_jwk'>> {
  const { publicJwk, privateJwk } = await generateKeyPair()
  return { public_jwk: publicJwk, private_jwk: privateJwk }
}

/** Signs one host JWT (§4.2). Each is good for one request. */
export async function hostToken(
  context: AgentContext,
  issuer: string,
  agentPublicJwk?: PublicJwk,
): Promise<string> {
  const host = await getHost(context, issuer)
  return signHostJwt({
    audience: issuer,
    privateKey: await signingKey(context, host.private_jwk),
    publicJwk: host.public_jwk,
    agentPublicJwk,
  })
}

/** Imports a private key once per process. */
export function signingKey(context: AgentContext, jwk: PrivateJwk): Promise<CryptoKey> {
  const key = context.signingKeys.get(jwk.x) ?? importPrivateJwk(jwk)
  context.signingKeys.set(jwk.x, key)
  return key
}
