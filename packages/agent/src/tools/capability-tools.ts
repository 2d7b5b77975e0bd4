import { displayText } from '@countersign/protocol'
import type { AgentClient } from '../client.ts'
import type { Connection } from '../connection.ts'
import type { AgentReference, OperationOptions } from '../context.ts'
import type { CapabilityDetail, CapabilityGrant } from '../wire.ts'
import { nameTools } from './names.ts'
import { objectSchema } from './schema.ts'
import type { AgentTool } from './tool.ts'

/** Options of {@link capabilityTools}. */
export interface CapabilityToolsOptions extends OperationOptions {
  /** Whose capabilities. @default every active agent of this client */
  readonly agents?: readonly AgentReference[] | undefined
  /**
   * Whether capabilities that are not granted become tools too. Calling one is refused by the server
   * until somebody granted it.
   *
   * @default false
   */
  readonly all?: boolean | undefined
  /** Names that are taken, as by the tools of the protocol itself. */
  readonly reserved?: readonly string[] | undefined
  /** Characters a name may have, for hosts that put something before it. @default 64 */
  readonly nameLimit?: number | undefined
}

type Client = Pick<
  AgentClient,
  'describeCapability' | 'executeCapability' | 'listCapabilities' | 'listConnections'
>

interface Offer {
  readonly connection: Connection
  readonly capability: CapabilityDetail
  readonly constraints?: Readonly<Record<string, unknown>> | undefined
}

/** Makes a tool of every capability that agents were granted, as far as this client knows. */
export async function capabilityTools(
  client: Client,
  options: CapabilityToolsOptions = {},
): Promise<AgentTool[]> {
  const connections = (await client.listConnections()).filter(
    (connection) => connection.status === 'active' && isWanted(connection, options.agents),
  )
  const offers: Offer[] = []
  for (const connection of connections) {
    const granted = grantsOf(connection)
    offers.push(...granted)
    if (options.all !== true) continue
    const names = new Set(granted.map(({ capability }) => capability.name))
    offers.push(...(await ungrantedOf(client, connection, { names, signal: options.signal })))
  }
  const names = nameTools(
    offers.map(({ connection, capability }) => ({
      name: capability.name,
      key: JSON.stringify([connection.issuer, connection.agent_id, capability.name]),
    })),
    { reserved: options.reserved ?? [], limit: options.nameLimit ?? 64 },
  )
  return offers.map((offer, index) => toTool(client, offer, names[index] ?? ''))
}

function isWanted(
  { agent_id: id, issuer }: Connection,
  agents: readonly AgentReference[] | undefined,
): boolean {
  if (!agents) return true
  return agents.some((agent) => agent.agentId === id && (agent.issuer ?? issuer) === issuer)
}

/** The live grants of an agent, one for each capability. */
function grantsOf(connection: Connection): Offer[] {
  const live = connection.agent_capability_grants.filter(
    ({ status, expires_at: end }) =>
      status === 'active' && (end === undefined || Date.parse(end) > Date.now()),
  )
  const byName = new Map<string, CapabilityGrant[]>()
  for (const grant of live) {
    byName.set(grant.capability, [...(byName.get(grant.capability) ?? []), grant])
  }
  return [...byName].flatMap(([name, grants]) => {
    const [first] = grants
    if (!first) return []
    const capability = { ...first, name, description: first.description ?? '' }
    // Two grants of one capability allow what either allows; neither alone tells the limits.
    const constraints = grants.length === 1 ? first.constraints : undefined
    return [{ connection, capability, constraints }]
  })
}

async function ungrantedOf(
  client: Client,
  connection: Connection,
  { names, signal }: { names: ReadonlySet<string>; signal: AbortSignal | undefined },
): Promise<Offer[]> {
  const { agent_id: agentId, issuer } = connection
  const offers: Offer[] = []
  let cursor: string | undefined
  do {
    const page = await client.listCapabilities({ agentId, issuer, cursor, signal })
    for (const { name } of page.capabilities) {
      if (names.has(name)) continue
      const capability = await client.describeCapability({ agentId, issuer, name, signal })
      offers.push({ connection, capability })
    }
    cursor = page.next_cursor
  } while (cursor !== undefined)
  return offers
}

function toTool(
  client: Client,
  { connection, capability, constraints }: Offer,
  name: string,
): AgentTool {
  const { agent_id: agentId, issuer, provider_name: provider } = connection
  const { read_only: readOnly } = capability
  return {
    name,
    title: titleOf(capability.name),
    description: describe(capability, { provider, agent: connection.name, constraints }),
    inputSchema: objectSchema(capability.input),
    outputSchema: capability.output,
    // A service only says whether something is changed; how, nobody knows.
    effects: typeof readOnly === 'boolean' ? { readOnly } : {},
    capability: { issuer, agentId, name: capability.name },
    async run(args, { signal }) {
      const { data } = await client.executeCapability({
        agentId,
        issuer,
        capability: capability.name,
        arguments: args,
        signal,
      })
      return data
    },
  }
}

function titleOf(name: string): string {
  const words = displayText(name.replaceAll('_', ' '))
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** OpenAI takes 1024 characters; the others more. */
const longestDescription = 1024

function describe(
  { description }: CapabilityDetail,
  {
    provider,
    agent,
    constraints,
  }: { provider: string; agent: string; constraints: Offer['constraints'] },
): string {
  const hasLimits = constraints && Object.keys(constraints).length > 0
  const limits = hasLimits ? displayText(JSON.stringify(constraints), { maxLength: 300 }) : ''
  const rest = [
    ...(limits ? [`Only within these limits: ${limits}.`] : []),
    `(At ${displayText(provider)}, as ${displayText(agent)}.)`,
  ].join(' ')
  const maxLength = longestDescription - rest.length - 1
  return `${displayText(description, { maxLength })} ${rest}`.trim()
}
