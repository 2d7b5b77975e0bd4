import { Ajv2020 } from 'ajv/dist/2020.js'
import { generateText, jsonSchema, stepCountIs } from 'ai'
import type { ToolSet } from 'ai'
import { MockLanguageModelV2 } from 'ai/test'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAgentClient, memoryStorage } from '../src/index.ts'
import type { AgentClient, AgentStorage, StoredConnection } from '../src/index.ts'
import {
  agentTools,
  aiSDKTools,
  anthropicTools,
  callTool,
  capabilityTools,
  mcpResult,
  mcpTools,
  openAIResponsesTools,
  openAITools,
  protocolTools,
  strictSchema,
} from '../src/tools/index.ts'
import type { AgentTool, JsonSchema } from '../src/tools/index.ts'
import { FakeClock } from './fake-clock.ts'
import { ForeignServer } from './foreign-server.ts'

let server: ForeignServer
let storage: AgentStorage
let client: AgentClient

beforeEach(async () => {
  server = await ForeignServer.start()
  storage = memoryStorage()
  client = createAgentClient({ storage, clock: new FakeClock() })
})
afterEach(() => server.close())

async function connected(name = 'Helper', capabilities = ['list_accounts', 'slow_report']) {
  const options = { provider: server.url, name, mode: 'autonomous' as const, capabilities }
  return client.connectAgent(options)
}

function named(tools: readonly AgentTool[], name: string): AgentTool {
  const tool = tools.find((candidate) => candidate.name === name)
  if (!tool) throw new Error(`There is no tool ${name}.`)
  return tool
}

/** A tool with this input schema that returns its arguments. */
function echo(inputSchema: JsonSchema, name = 'echo'): AgentTool {
  const run = async (args: Readonly<Record<string, unknown>>) => args
  return { name, title: name, description: 'Echoes.', inputSchema, effects: {}, run }
}

/** Puts grants into the storage as a server might have sent them. */
async function granted(...grants: Partial<StoredConnection['agent_capability_grants'][number]>[]) {
  const { agent_id: id, issuer } = await connected('Granted')
  const [key] = [`${new URL(issuer).origin} ${id}`]
  await storage.connections.update(
    key,
    (current) => current && { ...current, agent_capability_grants: grants as never },
  )
  return capabilityTools(client, { agents: [{ agentId: id }] })
}

describe('AC7 tools of granted capabilities', () => {
  it('AC7 makes one tool of each active grant, and runs it', async () => {
    const agent = await connected()
    const tools = await capabilityTools(client)
    expect(tools.map(({ name, capability }) => [name, capability])).toEqual(
      ['list_accounts', 'slow_report'].map((name) => [
        name,
        { issuer: server.url, agentId: agent.agent_id, name },
      ]),
    )
    const outcome = await callTool(tools, { name: 'list_accounts', arguments: { a: 1 } })
    expect(outcome).toEqual({
      isError: false,
      value: { echo: { a: 1 }, agent: agent.agent_id },
    })
  })

  it('AC7 offers what is not granted when asked to, and the server refuses it', async () => {
    await connected('Helper', ['list_accounts'])
    const tools = await capabilityTools(client, { all: true })
    expect(tools.map(({ name }) => name)).toEqual([
      'list_accounts',
      'transfer_money',
      'slow_report',
    ])
    const outcome = await callTool(tools, { name: 'transfer_money' })
    expect(outcome).toMatchObject({ isError: true, value: { error: 'capability_not_granted' } })
  })

  it('AC7 leaves out what was denied, is pending or has expired, and names limits', async () => {
    const tools = await granted(
      { capability: 'old', status: 'active', expires_at: '2001-01-01T00:00:00Z' },
      { capability: 'denied', status: 'denied' },
      { capability: 'open', status: 'pending' },
      {
        capability: 'pay',
        status: 'active',
        description: 'Pays\u202E a <b>bill</b>.\u0000',
        constraints: { amount: { max: 20 } },
      },
    )
    expect(tools.map(({ name }) => name)).toEqual(['pay'])
    expect(tools[0]?.description).toBe(
      'Pays a bill. Only within these limits: {"amount":{"max":20}}. (At foreign-bank, as Granted.)',
    )
  })

  it('AC7 keeps every name within what vendors allow, and finds the capability by it', async () => {
    const odd = ['mail.send', 'mail:send', 'list_accounts', 'agent_status', 'ö'.repeat(90)]
    const long = [`${'x'.repeat(70)}1`, `${'x'.repeat(70)}2`]
    await granted(...[...odd, ...long].map((capability) => ({ capability, status: 'active' })))
    await connected('Other', ['list_accounts'])
    const tools = await agentTools(client)
    const names = tools.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
    const back = tools.flatMap(({ capability }) => (capability ? [capability.name] : []))
    expect(back.sort()).toEqual([...odd, ...long, 'list_accounts'].sort())
    // Names are the same in every process, and never those of the protocol's own tools.
    expect((await agentTools(client)).map(({ name }) => name)).toEqual(names)
    expect(named(tools, 'agent_status').capability).toBeUndefined()
    expect(names).not.toContain('list_accounts')
  })
})

describe('AC7 tools of the protocol', () => {
  it('AC7 has every operation of section 6 but sign_jwt', () => {
    const searchProviders = async () => []
    expect(protocolTools(client, { searchProviders }).map(({ name }) => name)).toEqual([
      'list_providers',
      'discover_provider',
      'list_capabilities',
      'describe_capability',
      'search_providers',
      'connect_agent',
      'request_capability',
      'reactivate_agent',
      'disconnect_agent',
      'list_agents',
      'agent_status',
      'execute_capability',
    ])
    expect(protocolTools(client).map(({ name }) => name)).not.toContain('search_providers')
  })

  it('AC7 does what it says, from discovery to disconnecting, and keeps to its output schemas', async () => {
    const ajv = new Ajv2020({ strict: false })
    const searchProviders = async ({ intent }: { intent: string }) => [
      { name: intent, issuer: server.url },
    ]
    const tools = protocolTools(client, { searchProviders })
    const call = async (name: string, args: Record<string, unknown> = {}) => {
      const onApproval = () => server.approve(server.agent, { slow_report: null })
      const { isError, value } = await callTool(tools, { name, arguments: args }, { onApproval })
      expect({ name, isError, value }).toMatchObject({ isError: false })
      const schema = named(tools, name).outputSchema ?? false
      expect({ name, fits: ajv.validate(schema, value) }).toEqual({ name, fits: true })
      return value as Record<string, unknown>
    }
    await call('search_providers', { intent: 'banking' })
    await call('discover_provider', { url: server.url })
    expect(await call('list_providers')).toMatchObject({ providers: [{ name: 'foreign-bank' }] })
    await call('list_capabilities', { provider: 'foreign-bank' })
    await call('describe_capability', { provider: server.url, name: 'transfer_money' })
    const { agent_id } = await call('connect_agent', {
      provider: 'foreign-bank',
      name: 'Helper',
      mode: 'autonomous',
      capabilities: ['list_accounts'],
      reason: 'to help',
    })
    await call('request_capability', { agent_id, capabilities: [{ name: 'slow_report' }] })
    await call('agent_status', { agent_id })
    await call('list_agents')
    await call('reactivate_agent', { agent_id })
    const args = { agent_id, capability: 'list_accounts', arguments: { a: 1 } }
    expect(await call('execute_capability', args)).toMatchObject({ data: { echo: { a: 1 } } })
    expect(await call('disconnect_agent', { agent_id })).toEqual({ agent_id, status: 'revoked' })
    expect(await callTool(tools, { name: 'agent_status', arguments: { agent_id } })).toMatchObject({
      isError: true,
      value: { error: 'unknown_agent' },
    })
  })

  it('AC7 returns the approval without waiting when told so', async () => {
    const outcome = await callTool(
      protocolTools(client),
      { name: 'connect_agent', arguments: { provider: server.url, name: 'Helper' } },
      { wait: false },
    )
    expect(outcome.value).toMatchObject({
      status: 'pending',
      approval: { user_code: 'BCDF-GHJK', verification_uri: expect.stringContaining('http') },
    })
  })

  it.each([
    ['nothing', { name: 'no_such_tool' }, 'unknown_tool'],
    ['no object', { name: 'connect_agent', arguments: '[1]' }, 'invalid_arguments'],
    ['broken JSON', { name: 'connect_agent', arguments: '{' }, 'invalid_arguments'],
    ['a missing argument', { name: 'connect_agent', arguments: '{}' }, 'invalid_arguments'],
    [
      'a nameless capability',
      {
        name: 'connect_agent',
        arguments: { provider: 'x.example', name: 'a', capabilities: [{}] },
      },
      'invalid_arguments',
    ],
    ['a stranger', { name: 'agent_status', arguments: { agent_id: 'x' } }, 'unknown_agent'],
    [
      'a private address',
      { name: 'discover_provider', arguments: { url: 'http://10.0.0.1/' } },
      'insecure_url',
    ],
  ])('AC7 answers %s with a code', async (_what, call, error) => {
    const outcome = await callTool(protocolTools(client), call)
    expect(outcome).toMatchObject({ isError: true, value: { error, message: expect.any(String) } })
  })

  it('AC7 throws only when it is aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    const call = { name: 'discover_provider', arguments: { url: server.url } }
    await expect(callTool(protocolTools(client), call, { signal })).rejects.toThrow('enough')
  })
})

describe('AC7 no result contains a token', () => {
  /** Every string in a value, with its members' names. */
  function strings(value: unknown): string[] {
    if (typeof value === 'string') return [value]
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value).flatMap(([name, member]) => [name, ...strings(member)])
  }

  it('AC7 finds no JWT and no key in anything any tool returns, even when the server repeats them', async () => {
    // A hostile or careless server: every answer carries the token it was sent, and some keys.
    const stolen = (token = '') => ({
      note: `you sent ${token}`,
      [`header ${token}`]: { token },
      key: { kty: 'OKP', crv: 'Ed25519', x: 'AAAA', d: 'SECRETSECRETSECRET' },
      pem: '-----BEGIN PRIVATE KEY-----\nSECRETSECRETSECRET\n-----END PRIVATE KEY-----',
    })
    const { agent_id: id } = await connected()
    server.answers.set('/api/execute', ({ token }) => ({ body: { data: stolen(token) } }))
    server.answers.set('/api/describe', ({ token, query }) => ({
      body: { name: query.get('name'), description: `x ${token}`, ...stolen(token) },
    }))
    server.answers.set('/api/list', ({ token }) => ({
      body: { capabilities: [{ name: 'a', description: `x ${token}`, ...stolen(token) }] },
    }))
    server.answers.set('/api/revoke', ({ token }) => ({
      status: 403,
      body: { error: 'unauthorized', message: `bad ${token}`, ...stolen(token) },
    }))
    const tools = await agentTools(client, { searchProviders: async () => [] })
    const args: Record<string, Record<string, unknown>> = {
      discover_provider: { url: server.url },
      search_providers: { intent: 'x' },
      list_capabilities: { agent_id: id },
      describe_capability: { agent_id: id, name: 'list_accounts' },
      connect_agent: { provider: server.url, name: 'Second', mode: 'autonomous' },
      request_capability: { agent_id: id, capabilities: ['slow_report'] },
      execute_capability: { agent_id: id, capability: 'list_accounts' },
    }
    for (const { name } of tools) {
      const outcome = await callTool(tools, { name, arguments: args[name] ?? { agent_id: id } })
      expect(outcome.value).not.toBeNull()
      const all = strings(outcome).join('\n')
      expect(all).not.toMatch(/eyJ[\w-]+\.[\w-]+/)
      expect(all).not.toMatch(/SECRETSECRET/)
      for (const { token = 'no token' } of server.requests) expect(all).not.toContain(token)
      for (const { private_jwk: key, public_jwk } of [
        ...(await storage.connections.list()),
        ...(await storage.hosts.list()),
      ]) {
        expect(all).not.toContain(key.d)
        expect(all).not.toContain(public_jwk.x)
      }
    }
    const executed = await callTool(tools, { name: 'list_accounts' })
    expect(executed.value).toMatchObject({ note: 'you sent [removed]', key: '[removed]' })
  })
})

describe('AC7 shapes of vendors', () => {
  const transfer: JsonSchema = {
    type: 'object',
    properties: {
      amount: { type: 'number', exclusiveMinimum: 0, default: 1 },
      to: { type: 'string', minLength: 1, format: 'uri' },
      memo: { type: 'string' },
      currency: { enum: ['EUR', 'USD'], type: 'string' },
      split: {
        type: 'array',
        items: {
          type: 'object',
          properties: { part: { $ref: '#/$defs/part' }, note: { type: ['string', 'null'] } },
          required: ['part'],
        },
      },
    },
    required: ['amount', 'to'],
    $defs: { part: { type: 'integer' } },
  }

  it('AC7 OpenAI: strict, with optional fields as null', () => {
    const [tool] = openAITools([echo(transfer)])
    expect(tool).toMatchObject({ type: 'function', function: { name: 'echo', strict: true } })
    expect(tool?.function.parameters).toEqual({
      type: 'object',
      additionalProperties: false,
      required: ['amount', 'to', 'memo', 'currency', 'split'],
      properties: {
        amount: { type: 'number', exclusiveMinimum: 0 },
        to: { type: 'string' },
        memo: { type: ['string', 'null'] },
        currency: { type: ['string', 'null'], enum: ['EUR', 'USD', null] },
        split: {
          type: ['array', 'null'],
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['part', 'note'],
            properties: { part: { $ref: '#/$defs/part' }, note: { type: ['string', 'null'] } },
          },
        },
      },
      $defs: { part: { type: 'integer' } },
    })
    expect(openAIResponsesTools([echo(transfer)])[0]).toMatchObject({
      type: 'function',
      name: 'echo',
      strict: true,
    })
  })

  it('AC7 OpenAI: takes the nulls out again before the server sees them', async () => {
    const args = {
      amount: 1,
      to: 'a',
      memo: null,
      currency: null,
      split: [{ part: 1, note: null }],
    }
    const call = { name: 'echo', arguments: JSON.stringify(args) }
    expect(await callTool([echo(transfer)], call)).toEqual({
      isError: false,
      value: { amount: 1, to: 'a', split: [{ part: 1, note: null }] },
    })
  })

  it.each([
    ['a free-form object', { properties: { any: { type: 'object' } } }, /any name/],
    ['a field of any kind', { properties: { any: {} } }, /any kind/],
    ['a list of anything', { properties: { any: { type: 'array' } } }, /list of anything/],
    ['further fields', { additionalProperties: { type: 'string' } }, /any name/],
    ['patterns of names', { patternProperties: { x: {} } }, /patternProperties/],
    ['a tuple', { properties: { t: { type: 'array', items: {}, prefixItems: [] } } }, /./],
    ['a combination at the root', { oneOf: [{}, {}] }, /oneOf at its root/],
    [
      'alternatives with optional fields',
      { properties: { a: { anyOf: [{ type: 'object', properties: { b: { type: 'string' } } }] } } },
      /optional fields/,
    ],
  ])('AC7 OpenAI: is not strict for %s, and says why', (_what, schema, reason) => {
    const strict = strictSchema({ type: 'object', ...schema })
    expect(strict).toEqual({ reason: expect.stringMatching(reason) })
    const [tool] = openAITools([echo({ type: 'object', properties: {}, ...schema })])
    expect(tool?.function.parameters).toMatchObject({ type: 'object' })
    expect(tool?.function.strict).toBe(false)
  })

  it('AC7 OpenAI: whatever is strict keeps the rules, and accepts what the original accepts', () => {
    const leaf = fc.constantFrom<JsonSchema>(
      { type: 'string' },
      { type: 'number', minimum: 0 },
      { type: ['boolean', 'null'] },
      { type: 'string', enum: ['a', 'b'] },
      { const: 'x' },
      { anyOf: [{ type: 'string' }, { type: 'integer' }] },
    )
    const { schema: schemas } = fc.letrec<{ schema: JsonSchema; field: JsonSchema }>((tie) => ({
      field: fc.oneof(
        { maxDepth: 3 },
        leaf,
        tie('schema'),
        tie('field').map((items) => ({ type: 'array', items })),
      ),
      schema: fc
        .dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.tuple(tie('field'), fc.boolean()), {
          minKeys: 1,
          maxKeys: 4,
        })
        .map((fields) => ({
          type: 'object',
          properties: Object.fromEntries(Object.entries(fields).map(([name, [s]]) => [name, s])),
          required: Object.entries(fields).flatMap(([name, [, isRequired]]) =>
            isRequired ? [name] : [],
          ),
        })),
    }))
    /** Every object of a schema that leaves something open. */
    const loose = (schema: unknown): unknown[] => {
      if (typeof schema !== 'object' || schema === null) return []
      const { type, properties, required, additionalProperties } = schema as JsonSchema
      const fields = Object.keys((properties as object | undefined) ?? {}).sort()
      const closed =
        additionalProperties === false && String(required) === String(Object.keys(properties ?? {}))
      const isLoose = [type].flat().includes('object') && !closed
      return [...(isLoose ? [fields] : []), ...Object.values(schema).flatMap(loose)]
    }
    fc.assert(
      fc.property(schemas, (schema) => {
        const strict = strictSchema(schema)
        const schemaOf = 'schema' in strict ? strict.schema : {}
        expect(loose(schemaOf)).toEqual([])
        expect(new Ajv2020({ strict: false }).validateSchema(schemaOf)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('AC7 Anthropic: input_schema is always an object without combinations at its root', () => {
    const odd = { anyOf: [{ properties: { a: { type: 'string' } } }], description: 'Odd.' }
    return granted({ capability: 'odd', status: 'active', input: odd }).then((tools) =>
      expect(anthropicTools(tools)).toEqual([
        {
          name: 'odd',
          description: '(At foreign-bank, as Granted.)',
          input_schema: {
            type: 'object',
            description: 'Odd.',
            properties: { a: { type: 'string' } },
          },
        },
      ]),
    )
  })

  it('AC7 MCP: annotations say what is known and nothing else', async () => {
    const tools = await granted(
      { capability: 'look', status: 'active', read_only: true, output: { type: 'object' } },
      { capability: 'act', status: 'active', read_only: false, output: { type: 'array' } },
      { capability: 'unknown', status: 'active' },
    )
    const definitions = mcpTools([...protocolTools(client), ...tools])
    const hints = Object.fromEntries(
      definitions.map(({ name, annotations: { title: _title, ...rest } }) => [name, rest]),
    )
    expect(hints).toMatchObject({
      look: { readOnlyHint: true },
      act: { readOnlyHint: false },
      disconnect_agent: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
      list_providers: { readOnlyHint: true, openWorldHint: false },
      connect_agent: { readOnlyHint: false, destructiveHint: false },
    })
    expect(hints['unknown']).toEqual({})
    expect(hints['execute_capability']).toEqual({})
    expect(hints['look']).toEqual({ readOnlyHint: true })
    const outputs = definitions.filter(({ outputSchema }) => outputSchema).map(({ name }) => name)
    expect(outputs).toContain('look')
    expect(outputs).not.toContain('act')
  })

  it('AC7 MCP: results are structured, and refusals carry their code', () => {
    expect(mcpResult({ isError: false, value: [1] })).toEqual({
      content: [{ type: 'text', text: '{"data":[1]}' }],
      structuredContent: { data: [1] },
    })
    const refused = { error: 'limit_exceeded', message: 'The grant is used up.' }
    expect(mcpResult({ isError: true, value: refused })).toMatchObject({
      isError: true,
      structuredContent: refused,
    })
  })

  it('AC7 AI SDK 5: the real library calls them and hands their results to the model', async () => {
    const agent = await connected()
    const tools = aiSDKTools<ToolSet>(await agentTools(client))
    // The library's own helper makes the same schema, marks and all.
    const theirs = jsonSchema({ type: 'object' })
    const ours = tools['list_accounts']?.inputSchema ?? {}
    expect(Reflect.ownKeys(ours).map(String).sort()).toEqual(
      Reflect.ownKeys(theirs).map(String).sort(),
    )
    const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 }
    const prompts: unknown[] = []
    const model = new MockLanguageModelV2({
      doGenerate: async (options) => {
        prompts.push(options)
        const isFirst = prompts.length === 1
        return {
          finishReason: isFirst ? 'tool-calls' : 'stop',
          usage,
          warnings: [],
          content: isFirst
            ? [
                {
                  type: 'tool-call',
                  toolCallId: '1',
                  toolName: 'list_accounts',
                  input: '{"a":1}',
                },
              ]
            : [{ type: 'text', text: 'done' }],
        }
      },
    })
    const { text, steps } = await generateText({
      model,
      tools,
      prompt: 'Go.',
      stopWhen: stepCountIs(3),
    })
    expect(text).toBe('done')
    expect(steps[0]?.toolResults).toMatchObject([
      { toolName: 'list_accounts', output: { echo: { a: 1 }, agent: agent.agent_id } },
    ])
    expect(prompts[0]).toMatchObject({
      tools: expect.arrayContaining([
        expect.objectContaining({
          name: 'connect_agent',
          inputSchema: expect.objectContaining({ required: ['provider', 'name'] }),
        }),
      ]),
    })
  })
})
