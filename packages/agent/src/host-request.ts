import type { AgentContext, OperationOptions } from './context.ts'
import { discoverProvider } from './discover.ts'
import { hostToken } from './host.ts'
import { callServer } from './http.ts'
import { endpoint } from './provider.ts'
import type { StoredConnection } from './storage/storage.ts'

/** Asks an endpoint about one agent, as the host it belongs to (§4.2). Only `status` is a GET. */
export async function askAsHost(
  context: AgentContext,
  connection: StoredConnection,
  { endpoint: name, signal }: OperationOptions & { readonly endpoint: string },
): Promise<Readonly<Record<string, unknown>>> {
  const provider = await discoverProvider(context, connection.issuer, { signal })
  const subject = { agent_id: connection.agent_id }
  const [query, body] = name === 'status' ? [subject] : [{}, subject]
  const url = endpoint(provider, name, query)
  const token = await hostToken(context, provider.issuer)
  const answer = await callServer(context, { url, token, body, signal })
  return answer.body
}
