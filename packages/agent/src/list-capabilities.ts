import { agentToken, findConnection } from './connection.ts'
import type { AgentContext, OperationOptions } from './context.ts'
import { discoverProvider } from './discover.ts'
import { AgentClientError, badResponse } from './errors.ts'
import { findHost, hostToken } from './host.ts'
import { callServer } from './http.ts'
import type { ServerAnswer } from './http.ts'
import { asText } from './json.ts'
import { resolveProvider } from './list-providers.ts'
import { endpoint } from './provider.ts'
import { saysCode } from './server-error.ts'
import { readCapability } from './wire.ts'
import type { CapabilityList, Provider } from './wire.ts'

/** Who asks: an agent, or this client at a provider. */
export interface CapabilitySource extends OperationOptions {
  /** A provider's web address or name. Not needed with an agent. */
  readonly provider?: string | undefined
  /** Asks as this agent; the answer then says what it was granted. */
  readonly agentId?: string | undefined
  /** Needed when two servers gave out the same agent id. */
  readonly issuer?: string | undefined
}

/** Options of {@link listCapabilities}. */
export interface ListCapabilitiesOptions extends CapabilitySource {
  /** Words the server searches for. */
  readonly query?: string | undefined
  /** Continues after an earlier page. */
  readonly cursor?: string | undefined
  /** The most entries a page should have. */
  readonly limit?: number | undefined
}

/** Lists what a service offers (§6.3): as an agent, as this client's host, or anonymously. */
export async function listCapabilities(
  context: AgentContext,
  options: ListCapabilitiesOptions,
): Promise<CapabilityList> {
  const { query, cursor, limit } = options
  const { body } = await askForCapabilities(context, options, {
    endpoint: 'capabilities',
    query: { query, cursor, limit: limit?.toString() },
  })
  if (!Array.isArray(body['capabilities'])) throw badResponse('no list of capabilities')
  const capabilities = body['capabilities'].map(readCapability)
  return { capabilities, next_cursor: asText(body['next_cursor']) || undefined }
}

/** Sends a capability question with the strongest identity the caller has. */
export async function askForCapabilities(
  context: AgentContext,
  source: CapabilitySource,
  question: { endpoint: string; query: Readonly<Record<string, string | undefined>> },
): Promise<ServerAnswer> {
  const { provider, token } = await identify(context, source)
  const url = endpoint(provider, question.endpoint, question.query)
  const { signal } = source
  try {
    return await callServer(context, { url, token, signal })
  } catch (error) {
    // A host nobody approved yet may still see what everybody sees.
    const unknownHost = saysCode(error, 'host_pending', 'host_not_found', 'invalid_jwt')
    if (!unknownHost || source.agentId !== undefined || token === undefined) throw error
    return callServer(context, { url, signal })
  }
}

async function identify(
  context: AgentContext,
  { provider: named, agentId, issuer, signal }: CapabilitySource,
): Promise<{ provider: Provider; token: string | undefined }> {
  if (agentId !== undefined) {
    const connection = await findConnection(context, { agentId, issuer })
    const provider = await discoverProvider(context, connection.issuer, { signal })
    return { provider, token: await agentToken(context, connection, { audience: provider.issuer }) }
  }
  if (named === undefined) {
    throw new AgentClientError('invalid_url', 'Name a provider or an agent.')
  }
  const provider = await resolveProvider(context, named, { signal })
  const host = await findHost(context, provider.issuer)
  return { provider, token: host && (await hostToken(context, provider.issuer)) }
}
