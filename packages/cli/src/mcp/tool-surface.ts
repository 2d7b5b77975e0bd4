import { hostname } from 'node:os'
import type { AgentClient } from '@countersign/agent'
import { agentTools, callTool } from '@countersign/agent/tools'
import type {
  AgentTool,
  SearchProviders,
  ToolOutcome,
  ToolRunOptions,
} from '@countersign/agent/tools'

/** Hosts put `mcp__countersign__` before a name, and together they may have 64 characters. */
const nameLimit = 46

/** Operations after which an agent may hold other grants than before. */
const changing: ReadonlySet<string> = new Set([
  'agent_status',
  'connect_agent',
  'disconnect_agent',
  'reactivate_agent',
  'request_capability',
])

/** Refusals that show what is remembered of an agent to be outdated. */
const outdated: ReadonlySet<unknown> = new Set([
  'agent_expired',
  'agent_revoked',
  'capability_not_found',
  'capability_not_granted',
])

/** A call as an MCP host sends it. */
export interface ToolCall {
  readonly name: string
  readonly arguments?: Record<string, unknown> | undefined
}

/** The tools a host sees, with word of every change. One for all connections of a process. */
export class ToolSurface {
  readonly #client: AgentClient
  readonly #searchProviders: SearchProviders | undefined
  readonly #listeners = new Set<() => void>()
  #names: string | undefined

  constructor(
    client: AgentClient,
    { searchProviders }: { searchProviders?: SearchProviders } = {},
  ) {
    this.#client = client
    this.#searchProviders = searchProviders
  }

  /** The tools of the protocol and of everything that was granted, without asking any server. */
  async tools(): Promise<AgentTool[]> {
    const tools = await agentTools(this.#client, {
      nameLimit,
      hostName: hostname(),
      searchProviders: this.#searchProviders,
    })
    this.#names ??= namesOf(tools)
    return tools
  }

  /** Calls a tool and tells the listeners when there are other tools afterwards. */
  async call(call: ToolCall, options: ToolRunOptions): Promise<ToolOutcome> {
    const tools = await this.tools()
    const outcome = await callTool(tools, call, options)
    const capability = tools.find(({ name }) => name === call.name)?.capability
    const code = outcome.isError && (outcome.value as { error?: unknown }).error
    if (capability && outdated.has(code)) {
      const { agentId, issuer } = capability
      // An agent that is gone over there has nothing more to tell.
      await this.#client.agentStatus({ agentId, issuer }).catch(() => undefined)
    }
    if (changing.has(call.name) || outdated.has(code)) await this.#announce()
    return outcome
  }

  /** Calls `listener` when there are other tools than before. Returns how to stop that. */
  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async #announce(): Promise<void> {
    const before = this.#names
    this.#names = undefined
    await this.tools()
    if (this.#names === before) return
    for (const listener of this.#listeners) listener()
  }
}

function namesOf(tools: readonly AgentTool[]): string {
  return JSON.stringify(tools.map(({ name, description }) => [name, description]))
}
