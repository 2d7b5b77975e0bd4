import type { JsonSchema } from './tool.ts'

/** Words and schemas of one tool. */
interface ToolText {
  readonly title: string
  readonly description: string
  readonly input: JsonSchema
  readonly output: JsonSchema
}

const text = (description: string): JsonSchema => ({ type: 'string', description })

function object(properties: Readonly<Record<string, JsonSchema>>, required: readonly string[]) {
  return { type: 'object', properties, required, additionalProperties: false }
}

/** A result: more members may come. */
function result(properties: Readonly<Record<string, JsonSchema>>, required: readonly string[]) {
  return { type: 'object', properties, required }
}

const agentId = text('The agent, as connect_agent or list_agents tells it.')
const issuer = text(
  'The service of the agent; needed only when two services use the same agent_id.',
)
const provider = text('Address of the service, or the name of one that list_providers tells.')
const reason = text('Why, in a few words for the person who approves.')
const hints = {
  reason,
  preferred_method: text('How the person should be asked: device_authorization or ciba.'),
  login_hint: text('Who should approve, where the service asks a person directly.'),
  binding_message: text('A short text that the person sees in both places.'),
}
const capabilities: JsonSchema = {
  type: 'array',
  description: 'Names of capabilities, or objects that also limit their arguments.',
  items: {
    anyOf: [
      { type: 'string' },
      {
        type: 'object',
        properties: {
          name: { type: 'string' },
          constraints: {
            type: 'object',
            description:
              'By argument: an exact value, or an object of max, min, in and not_in. As in {"amount": {"max": 200}}.',
          },
        },
        required: ['name'],
      },
    ],
  },
}

const grants: JsonSchema = {
  type: 'array',
  items: result({ capability: { type: 'string' }, status: { type: 'string' } }, [
    'capability',
    'status',
  ]),
}
const approval = result(
  {
    method: { type: 'string' },
    verification_uri: { type: 'string' },
    verification_uri_complete: { type: 'string' },
    user_code: { type: 'string' },
    expires_in: { type: 'number' },
  },
  ['method'],
)
const agent = result(
  {
    agent_id: { type: 'string' },
    issuer: { type: 'string' },
    provider_name: { type: 'string' },
    name: { type: 'string' },
    status: { type: 'string' },
    agent_capability_grants: grants,
    approval,
  },
  ['agent_id', 'status', 'agent_capability_grants'],
)
const foundProvider = result(
  {
    name: { type: 'string' },
    description: { type: 'string' },
    issuer: { type: 'string' },
  },
  ['name'],
)
const capability = result({ name: { type: 'string' }, description: { type: 'string' } }, ['name'])
const providers = result({ providers: { type: 'array', items: foundProvider } }, ['providers'])

/** Every tool of the protocol: its words and schemas (§6). */
export const inputs = {
  list_providers: {
    title: 'List services',
    description: 'Lists the services this client knows.',
    input: object({}, []),
    output: providers,
  },
  search_providers: {
    title: 'Search services',
    description: 'Searches a directory for services that can do what is needed.',
    input: object({ intent: text('What is needed, as in "send emails".') }, ['intent']),
    output: providers,
  },
  discover_provider: {
    title: 'Look at a service',
    description: 'Looks up a service by its address and tells what it supports.',
    input: object({ url: text('Address of the service.') }, ['url']),
    output: foundProvider,
  },
  list_capabilities: {
    title: 'List capabilities',
    description:
      'Lists what a service offers, by name. With an agent, also what that agent was granted.',
    input: object(
      {
        provider,
        query: text('Words to search for.'),
        agent_id: agentId,
        issuer,
        cursor: text('next_cursor of the page before.'),
      },
      [],
    ),
    output: result(
      { capabilities: { type: 'array', items: capability }, next_cursor: { type: 'string' } },
      ['capabilities'],
    ),
  },
  describe_capability: {
    title: 'Describe a capability',
    description: 'Tells all about one capability, with the JSON Schema of its arguments.',
    input: object({ provider, name: text('Name of the capability.'), agent_id: agentId, issuer }, [
      'name',
    ]),
    output: capability,
  },
  connect_agent: {
    title: 'Connect to a service',
    description:
      'Gives this agent an identity of its own at a service and asks a person for capabilities. When the result says "pending", show the person the approval, and call again with the same arguments to wait for the decision.',
    input: object(
      {
        provider,
        name: text('What the agent is called on approval pages, as in "Rent payer".'),
        capabilities,
        mode: {
          type: 'string',
          enum: ['delegated', 'autonomous'],
          description: 'delegated acts for a person and is the usual.',
        },
        ...hints,
      },
      ['provider', 'name'],
    ),
    output: agent,
  },
  request_capability: {
    title: 'Ask for capabilities',
    description:
      'Asks a person for more capabilities for an agent that is connected. When a grant says "pending", show the person the approval, and look with agent_status for the decision.',
    input: object({ agent_id: agentId, issuer, capabilities, ...hints }, [
      'agent_id',
      'capabilities',
    ]),
    output: result(
      {
        agent_id: { type: 'string' },
        status: { type: 'string' },
        agent_capability_grants: grants,
        approval,
      },
      ['agent_id', 'status', 'agent_capability_grants'],
    ),
  },
  reactivate_agent: {
    title: 'Reactivate an agent',
    description:
      'Brings an expired agent back, with the default capabilities. Everything else has to be asked for again.',
    input: object({ agent_id: agentId, issuer }, ['agent_id']),
    output: agent,
  },
  disconnect_agent: {
    title: 'Disconnect an agent',
    description: 'Revokes an agent and deletes its key. There is no way back.',
    input: object({ agent_id: agentId, issuer }, ['agent_id']),
    output: result({ agent_id: { type: 'string' }, status: { type: 'string' } }, [
      'agent_id',
      'status',
    ]),
  },
  list_agents: {
    title: 'List agents',
    description: 'Lists the agents this client has connected, with what they were granted.',
    input: object({}, []),
    output: result({ agents: { type: 'array', items: agent } }, ['agents']),
  },
  agent_status: {
    title: 'Check an agent',
    description: 'Asks the service how an agent is doing and what it may do.',
    input: object({ agent_id: agentId, issuer }, ['agent_id']),
    output: agent,
  },
  execute_capability: {
    title: 'Execute a capability',
    description: 'Runs a capability that the agent was granted and returns its data.',
    input: object(
      {
        agent_id: agentId,
        issuer,
        capability: text('Name of the capability.'),
        arguments: { type: 'object', description: 'As describe_capability tells.' },
      },
      ['agent_id', 'capability'],
    ),
    output: result({ data: {} }, ['data']),
  },
} as const satisfies Readonly<Record<string, ToolText>>

/** The name of a tool of the protocol. */
export type ProtocolToolName = keyof typeof inputs
