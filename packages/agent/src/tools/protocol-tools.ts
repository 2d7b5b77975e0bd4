import type { AgentClient } from '../client.ts'
import type { Connection } from '../connection.ts'
import type { AgentReference } from '../context.ts'
import { asText, isRecord } from '../json.ts'
import type { RequestHints } from '../register.ts'
import type { CapabilityRequest } from '../wire.ts'
import { InvalidArguments } from './invalid-arguments.ts'
import * as schemas from './protocol-schemas.ts'
import type { AgentTool, ToolEffects, ToolRunOptions } from './tool.ts'

type Arguments = Readonly<Record<string, unknown>>

/** Options of {@link protocolTools}. */
export interface ProtocolToolsOptions {
  /** Searches a directory (§6.11). Without it there is no `search_providers`. */
  readonly searchProviders?: SearchProviders | undefined
  /** What this machine is called on approval pages. */
  readonly hostName?: string | undefined
}

/** Finds providers that fit an intent in natural language (§6.2.2). */
export type SearchProviders = (search: {
  intent: string
  signal?: AbortSignal | undefined
}) => Promise<unknown>

const looks: ToolEffects = { readOnly: true, idempotent: true }
const looksOutside: ToolEffects = { ...looks, openWorld: true }

/**
 * The operations of section 6 as tools. `sign_jwt` is left out: its result is a token, and a model
 * has no use for one.
 */
export function protocolTools(
  client: AgentClient,
  options: ProtocolToolsOptions = {},
): AgentTool[] {
  const { searchProviders } = options
  return [
    ...findingTools(client),
    ...(searchProviders ? [searchTool(searchProviders)] : []),
    ...connectingTools(client, options),
    ...usingTools(client),
  ]
}

/** The names of all tools of the protocol, which no capability may take. */
export const protocolToolNames: readonly string[] = Object.keys(schemas.inputs)

function findingTools(client: AgentClient): AgentTool[] {
  return [
    tool('list_providers', { ...looks, openWorld: false }, async () => ({
      providers: await client.listProviders(),
    })),
    tool('discover_provider', looksOutside, (args, { signal }) =>
      client.discoverProvider(required(args, 'url'), { signal }),
    ),
    tool('list_capabilities', looksOutside, (args, { signal }) =>
      client.listCapabilities({
        ...sourceOf(args),
        query: asText(args['query']),
        cursor: asText(args['cursor']),
        signal,
      }),
    ),
    tool('describe_capability', looksOutside, (args, { signal }) =>
      client.describeCapability({ ...sourceOf(args), name: required(args, 'name'), signal }),
    ),
  ]
}

function searchTool(search: SearchProviders): AgentTool {
  return tool('search_providers', looksOutside, async (args, { signal }) => {
    const found = await search({ intent: required(args, 'intent'), signal })
    return Array.isArray(found) ? { providers: found } : found
  })
}

function connectingTools(client: AgentClient, { hostName }: ProtocolToolsOptions): AgentTool[] {
  // Asking a person destroys nothing.
  const asks: ToolEffects = { readOnly: false, destructive: false, openWorld: true }
  return [
    tool('connect_agent', asks, async (args, options) =>
      connectionValue(
        await client.connectAgent({
          provider: required(args, 'provider'),
          name: required(args, 'name'),
          capabilities: requestsOf(args),
          mode: args['mode'] === 'autonomous' ? 'autonomous' : 'delegated',
          hostName,
          ...hintsOf(args),
          ...waitingOf(options),
        }),
      ),
    ),
    tool('request_capability', asks, (args, options) =>
      client.requestCapability({
        ...agentOf(args),
        capabilities: requestsOf(args),
        ...hintsOf(args),
        ...waitingOf(options),
      }),
    ),
    tool('reactivate_agent', asks, async (args, options) =>
      connectionValue(await client.reactivateAgent({ ...agentOf(args), ...waitingOf(options) })),
    ),
    tool(
      'disconnect_agent',
      { readOnly: false, destructive: true, idempotent: true, openWorld: true },
      (args, { signal }) => client.disconnectAgent({ ...agentOf(args), signal }),
    ),
  ]
}

function usingTools(client: AgentClient): AgentTool[] {
  return [
    tool('list_agents', { ...looks, openWorld: false }, async () => ({
      agents: (await client.listConnections()).map(connectionValue),
    })),
    tool('agent_status', looksOutside, (args, { signal }) =>
      client.agentStatus({ ...agentOf(args), signal }),
    ),
    // What executing does depends on the capability.
    tool('execute_capability', {}, async (args, { signal }) => {
      const given = args['arguments']
      return client.executeCapability({
        ...agentOf(args),
        capability: required(args, 'capability'),
        arguments: isRecord(given) ? given : {},
        signal,
      })
    }),
  ]
}

function tool(
  name: schemas.ProtocolToolName,
  effects: ToolEffects,
  run: AgentTool['run'],
): AgentTool {
  const { title, description, input, output } = schemas.inputs[name]
  return { name, title, description, inputSchema: input, outputSchema: output, effects, run }
}

/** A connection as a model sees it. */
function connectionValue(connection: Connection): Record<string, unknown> {
  return { ...connection }
}

function waitingOf({ signal, onApproval, wait }: ToolRunOptions): ToolRunOptions {
  return { signal, ...(onApproval && { onApproval }), ...(wait !== undefined && { wait }) }
}

function required(args: Arguments, name: string): string {
  const value = asText(args[name])
  if (value) return value
  throw new InvalidArguments(`${name} is missing.`)
}

function agentOf(args: Arguments): AgentReference {
  return { agentId: required(args, 'agent_id'), issuer: asText(args['issuer']) }
}

function sourceOf(args: Arguments) {
  const agentId = asText(args['agent_id'])
  const issuer = asText(args['issuer'])
  return agentId ? { agentId, issuer } : { provider: required(args, 'provider') }
}

function hintsOf(args: Arguments): RequestHints {
  return {
    reason: asText(args['reason']),
    preferredMethod: asText(args['preferred_method']),
    loginHint: asText(args['login_hint']),
    bindingMessage: asText(args['binding_message']),
  }
}

function requestsOf(args: Arguments): CapabilityRequest[] {
  const list = args['capabilities'] ?? []
  if (!Array.isArray(list)) throw new InvalidArguments('capabilities is a list.')
  return list.map((entry: unknown): CapabilityRequest => {
    if (typeof entry === 'string') return entry
    const name = isRecord(entry) ? asText(entry['name']) : undefined
    if (!isRecord(entry) || !name) throw new InvalidArguments('A capability needs a name.')
    const { constraints } = entry
    // The server checks what is inside, and knows operators this client does not.
    return { name, ...(isRecord(constraints) && { constraints: constraints as never }) }
  })
}
