import { agentStatus } from './agent-status.ts'
import { connectAgent } from './connect.ts'
import { listConnections } from './connection.ts'
import { createAgentContext } from './context.ts'
import type { AgentContext, AgentContextOptions } from './context.ts'
import { describeCapability } from './describe-capability.ts'
import { disconnectAgent } from './disconnect.ts'
import { discoverProvider } from './discover.ts'
import { executeCapability } from './execute.ts'
import { listCapabilities } from './list-capabilities.ts'
import { listProviders } from './list-providers.ts'
import { reactivateAgent } from './reactivate.ts'
import { requestCapability } from './request-capability.ts'
import { signJwt } from './sign-jwt.ts'

const operations = {
  agentStatus,
  connectAgent,
  describeCapability,
  disconnectAgent,
  discoverProvider,
  executeCapability,
  listCapabilities,
  listConnections,
  listProviders,
  reactivateAgent,
  requestCapability,
  signJwt,
}

type Operations = typeof operations
type Bound<F> = F extends (context: AgentContext, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never

/** Every operation of section 6, bound to one storage. */
export type AgentClient = { readonly [Name in keyof Operations]: Bound<Operations[Name]> }

/** Binds the operations to a storage. The client may be shared: calls leave no state behind. */
export function createAgentClient(options: AgentContextOptions): AgentClient {
  const context = createAgentContext(options)
  const bound = Object.entries(operations).map(([name, operation]) => [
    name,
    (operation as (context: AgentContext, ...rest: unknown[]) => unknown).bind(undefined, context),
  ])
  return Object.fromEntries(bound) as AgentClient
}
