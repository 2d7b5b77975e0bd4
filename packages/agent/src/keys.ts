import { jwkThumbprint, signAgentJwt, signHostJwt } from '@countersign/protocol'
import type { PublicJwk } from '@countersign/protocol'
import { agentJwtLifetime, connectionKey, findConnection } from './connection.ts'
import type { AgentContext, AgentReference, OperationOptions } from './context.ts'
import { discoverProvider } from './discover.ts'
import { ProtocolError } from './errors.ts'
import { getHost, hostToken, newKeys, signingKey } from './host.ts'
import { callServer } from './http.ts'
import { resolveProvider } from './list-providers.ts'
import { endpoint } from './provider.ts'
import { saysCode } from './server-error.ts'
import type { NextKey, RecordStore } from './storage/storage.ts'
import type { Provider } from './wire.ts'

/** The agent whose key is another one now. */
export interface RotatedAgentKey {
  readonly agent_id: string
  readonly issuer: string
  /** RFC 7638 thumbprint of the key that counts from here on. */
  readonly thumbprint: string
}

/** The host whose key is another one now. */
export type RotatedHostKey = Omit<RotatedAgentKey, 'agent_id'>

/**
 * Gives an agent a new key; its server takes the old one no more (§5.8).
 *
 * The new key is stored before the server is asked. When that is interrupted, call this again: it
 * finishes what began, whichever of the two keys the server knows.
 */
export async function rotateAgentKey(
  context: AgentContext,
  options: AgentReference & OperationOptions,
): Promise<RotatedAgentKey> {
  const { signal } = options
  const connection = await findConnection(context, options)
  const { issuer, agent_id: agentId } = connection
  const provider = await discoverProvider(context, issuer, { signal })
  const publicJwk = await rotate(context, {
    store: context.storage.connections,
    key: connectionKey(issuer, agentId),
    ask: async ({ public_jwk }) => {
      const token = await hostToken(context, issuer)
      const body = { agent_id: agentId, public_key: public_jwk }
      await callServer(context, { url: endpoint(provider, 'rotate_key'), token, body, signal })
    },
    sign: async ({ private_jwk }) =>
      signAgentJwt({
        cnf: context.cnf,
        audience: issuer,
        agentId,
        issuer: await jwkThumbprint((await getHost(context, issuer)).public_jwk),
        privateKey: await signingKey(context, private_jwk),
        lifetime: agentJwtLifetime,
      }),
    provider,
    signal,
  })
  return { agent_id: agentId, issuer, thumbprint: await jwkThumbprint(publicJwk) }
}

/**
 * Gives this client a new key at one server, which takes the old one no more (§5.9). Its agents go on.
 *
 * Safe to interrupt and to call again, as {@link rotateAgentKey} is.
 */
export async function rotateHostKey(
  context: AgentContext,
  { provider: name, signal }: OperationOptions & { readonly provider: string },
): Promise<RotatedHostKey> {
  const provider = await resolveProvider(context, name, { signal })
  const { issuer } = provider
  await getHost(context, issuer)
  const publicJwk = await rotate(context, {
    store: context.storage.hosts,
    key: new URL(issuer).origin,
    ask: async ({ public_jwk }) => {
      const token = await hostToken(context, issuer)
      const url = endpoint(provider, 'rotate_host_key')
      await callServer(context, { url, token, body: { public_key: public_jwk }, signal })
    },
    sign: async ({ private_jwk, public_jwk }) =>
      signHostJwt({
        audience: issuer,
        privateKey: await signingKey(context, private_jwk),
        publicJwk: public_jwk,
      }),
    provider,
    signal,
  })
  return { issuer, thumbprint: await jwkThumbprint(publicJwk) }
}

interface WithKey extends NextKey {
  readonly next?: NextKey | undefined
}

interface Rotation<T extends WithKey> extends OperationOptions {
  readonly store: RecordStore<T>
  readonly key: string
  /** Asks the server to take this key in place of the present one. */
  readonly ask: (next: NextKey) => Promise<void>
  /** Signs a JWT with this key. */
  readonly sign: (next: NextKey) => Promise<string>
  readonly provider: Provider
}

/** Stores the new key, asks the server, then makes it the key; each step can be the last one. */
async function rotate<T extends WithKey>(
  context: AgentContext,
  rotation: Rotation<T>,
): Promise<PublicJwk> {
  const { store, key, ask } = rotation
  const fresh = await newKeys()
  // A rotation that was interrupted, or that another process began, goes on with its key.
  const stored = await store.update(
    key,
    (current) => current && { ...current, next: current.next ?? fresh },
  )
  const next = stored?.next ?? fresh
  try {
    await ask(next)
  } catch (error) {
    if (!isRefusal(error)) throw error
    if (!(await counts(context, rotation, next))) {
      await store.update(key, (current) => current && settle(current, next, {}))
      throw error
    }
  }
  await store.update(key, (current) => current && settle(current, next, next))
  return next.public_jwk
}

/** The record without this next key, when that is still its next key. */
function settle<T extends WithKey>(
  current: T,
  { public_jwk }: NextKey,
  change: Partial<NextKey>,
): T {
  if (current.next?.public_jwk.x !== public_jwk.x) return current
  return { ...current, ...change, next: undefined }
}

/** Whether the server knows this key already: it lists capabilities to nobody with a wrong one. */
async function counts(
  context: AgentContext,
  { sign, provider, signal }: Pick<Rotation<WithKey>, 'sign' | 'provider' | 'signal'>,
  next: NextKey,
): Promise<boolean> {
  const url = endpoint(provider, 'capabilities')
  try {
    await callServer(context, { url, token: await sign(next), signal })
    return true
  } catch (error) {
    if (!isRefusal(error)) throw error
    // It knows who this is, and refuses for another reason.
    return error.status === 403 && !saysCode(error, 'unauthorized')
  }
}

/** Whether the server has decided; else it may know the new key, or come to know it. */
function isRefusal(error: unknown): error is ProtocolError {
  return error instanceof ProtocolError && error.status < 500 && error.status !== 429
}
