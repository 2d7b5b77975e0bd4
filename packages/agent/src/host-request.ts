import type { AgentContext, OperationOptions } from './context.ts'
import { discoverProvider } from './discover.ts'
import { hostToken } from './host.ts'
import { callServer } from './http.ts'
import { endpoint } from './provider.ts'
import type { StoredConnection } from './storage/storage.ts'

/** Asks an endpoint about one agent, as the host it belongs to (§4.2). */
export async function askAsHost(
  context: AgentContext,
  connection: StoredConnection,
  request: OperationOptions & { readonly endpoint: string; readonly method: 'GET' | 'POST' },
): Promise<Readonly<Record<string, unknown>>> {
  const { signal } = request
  const provider = await discoverProvider(context, connection.issuer, { signal })
  const url = endpoint(provider, request.endpoint)
  const body = { agent_id: connection.agent_id }
  const isGet = request.method === 'GET'
  if (isGet) url.searchParams.set('agent_id', body.agent_id)
  const token = await hostToken(context, provider.issuer)
  const answer = await callServer(context, { url, token, body: isGet ? undefined : body, signal })
  return answer.body
}
