import { describe, expect, it } from 'vitest'
import { agentViewSchema } from './agent-view.ts'
import { approvalInstructionsSchema } from './approval-instructions.ts'
import { approvalQuerySchema, approveRequestSchema } from './approval.ts'
import {
  executeRequestSchema,
  listCapabilitiesQuerySchema,
  requestCapabilityRequestSchema,
} from './capability.ts'
import { discoveryDocumentSchema } from './discovery.ts'
import { ProtocolError } from './errors.ts'
import { issuesToError, parseWith } from './parse-with.ts'
import {
  registerRequestSchema,
  registerResponseSchema,
  statusResponseSchema,
} from './registration.ts'

function refusal(run: () => unknown): ReturnType<ProtocolError['toJSON']> {
  try {
    run()
  } catch (error) {
    if (error instanceof ProtocolError) return error.toJSON()
    throw error
  }
  throw new Error('nothing was refused')
}

const register = (body: unknown) => parseWith(registerRequestSchema, body)

describe('registerRequestSchema', () => {
  it('reads capabilities in both forms, fills in defaults and ignores what it does not know', () => {
    const body = {
      name: ' Bank\nbot ',
      capabilities: ['check_balance', { name: 'transfer', constraints: { amount: { max: 5 } } }],
      reason: 'Because',
      isAdmin: true,
    }
    expect(register(body)).toEqual({
      name: 'Bank bot',
      mode: 'delegated',
      reason: 'Because',
      capabilities: [
        { name: 'check_balance', constraints: null },
        { name: 'transfer', constraints: { amount: { max: 5 } } },
      ],
    })
    expect(register({ name: 'a' })).toEqual({ name: 'a', mode: 'delegated', capabilities: [] })
  })

  it('AA19 refuses a mode that does not exist with its own code', () => {
    expect(refusal(() => register({ name: 'a', mode: 'weird' })).error).toBe('unsupported_mode')
    expect(refusal(() => register({ name: 'a', mode: 5 })).error).toBe('invalid_request')
  })

  it('AA21 keeps the code and the operators of an unknown constraint, and says where', () => {
    const capabilities = ['a', { name: 'b', constraints: { amount: { less_than: 5 } } }]
    expect(refusal(() => register({ name: 'a', capabilities }))).toMatchObject({
      error: 'unknown_constraint_operator',
      message: expect.stringMatching(/^capabilities\[1\]\.constraints: /),
      unknown_operators: ['less_than'],
    })
  })

  it('AA22 refuses a malformed constraint', () => {
    const capabilities = [{ name: 'a', constraints: { amount: {} } }]
    expect(refusal(() => register({ name: 'a', capabilities }))).toMatchObject({
      error: 'invalid_request',
      message: expect.stringMatching(/^capabilities\[0\]\.constraints: .*amount/),
    })
  })

  it('AA23 refuses a capability named twice', () => {
    const capabilities = ['a', { name: 'a', constraints: { x: 1 } }]
    expect(refusal(() => register({ name: 'a', capabilities })).message).toMatch(/twice/)
  })

  it('AA29 cleans and cuts every text a person will see', () => {
    const hostile = `<script>x</script>\u202E\n${'y'.repeat(10_240)}`
    const request = register({
      name: hostile,
      host_name: hostile,
      reason: hostile,
      binding_message: hostile,
    })
    expect(request.name).toHaveLength(120)
    expect(request.host_name).toHaveLength(120)
    expect(request.reason).toHaveLength(500)
    expect(request.binding_message).toHaveLength(200)
    expect(JSON.stringify(request)).not.toMatch(/[<\n\u202E]/)
  })

  it.each(['<b></b>', '', ' \u200B\u202E\n '])('AA30 refuses the name %j', (name) => {
    expect(refusal(() => register({ name }))).toMatchObject({
      error: 'invalid_request',
      message: expect.stringMatching(/^name: /),
    })
  })

  it('AA31 says in one sentence what is missing', () => {
    expect(refusal(() => register({}))).toEqual({
      error: 'invalid_request',
      message: 'name: is missing',
    })
    expect(refusal(() => register(null))).toMatchObject({ error: 'invalid_request' })
    expect(refusal(() => register({ name: 'a', capabilities: [5] })).message).toBe(
      'capabilities[0]: expected a capability name or an object with a name',
    )
    expect(refusal(() => register({ name: 'a', capabilities: [{ name: 5 }] })).message).toMatch(
      /^capabilities\[0\]\.name: /,
    )
  })

  it('gives the same error from the issues of another validator', () => {
    const { error } = registerRequestSchema.safeParse({ name: 'a', mode: 'weird' })
    expect(issuesToError(error?.issues ?? []).code).toBe('unsupported_mode')
    expect(issuesToError([]).code).toBe('invalid_request')
  })
})

describe('the other requests', () => {
  it.each(['0', '-1', 'abc', '', '1.5', '1e3', '0x10', ' 5', 0, -1])(
    'AA6 refuses limit %j',
    (limit) => {
      expect(refusal(() => parseWith(listCapabilitiesQuerySchema, { limit })).error).toBe(
        'invalid_request',
      )
    },
  )

  it('reads a limit and caps it', () => {
    expect(parseWith(listCapabilitiesQuerySchema, { limit: '20' }).limit).toBe(20)
    expect(parseWith(listCapabilitiesQuerySchema, { limit: '5000' }).limit).toBe(100)
    expect(parseWith(listCapabilitiesQuerySchema, {})).toEqual({})
  })

  it('executes with no arguments as with empty ones', () => {
    expect(parseWith(executeRequestSchema, { capability: 'a' }).arguments).toEqual({})
    for (const args of [null, [], 'x', 5]) {
      const body = { capability: 'a', arguments: args }
      expect(refusal(() => parseWith(executeRequestSchema, body)).message).toMatch(/^arguments: /)
    }
  })

  it('keeps an argument called __proto__ away from the prototype', () => {
    const body: unknown = JSON.parse('{"capability":"a","arguments":{"__proto__":{"x":1}}}')
    const { arguments: args } = parseWith(executeRequestSchema, body)
    expect(Object.getPrototypeOf(args)).toBe(Object.prototype)
    expect(args['x']).toBeUndefined()
  })

  it('requests at least one capability', () => {
    const body = { capabilities: [] }
    expect(refusal(() => parseWith(requestCapabilityRequestSchema, body)).message).toMatch(
      /^capabilities: /,
    )
  })

  it('reads a typed user code however it is written', () => {
    for (const code of ['BCDF-GHJK', 'bcdfghjk', ' bcdf ghjk ']) {
      expect(parseWith(approvalQuerySchema, { user_code: code }).user_code).toBe('BCDF-GHJK')
    }
    expect(refusal(() => parseWith(approvalQuerySchema, {})).message).toMatch(/user_code/)
  })

  it('reads a decision and refuses one that makes no sense', () => {
    const decide = (decision: object) =>
      parseWith(approveRequestSchema, {
        approval_id: 'a',
        action: 'approve',
        capabilities: [{ capability: 'a', allow: true, ...decision }],
      })
    expect(decide({ max_uses: 3, budget: { field: 'amount', limit: 5 } }).capabilities).toEqual([
      { capability: 'a', allow: true, max_uses: 3, budget: { field: 'amount', limit: 5 } },
    ])
    for (const wrong of [
      { max_uses: 0 },
      { max_uses: 1.5 },
      { expires_in: -1 },
      { budget: { field: 'amount', limit: -1 } },
      { constraints: { amount: { max: 'x' } } },
      { allow: 'yes' },
    ]) {
      expect(refusal(() => decide(wrong)).message).toMatch(/^capabilities\[0\]\./)
    }
  })
})

describe('the documents a server sends', () => {
  it('accepts the discovery document of section 5.1', () => {
    const document = {
      version: '1.0-draft',
      provider_name: 'bank',
      description: 'Banking services',
      issuer: 'https://auth.bank.com',
      default_location: 'https://auth.bank.com/capability/execute',
      algorithms: ['Ed25519'],
      modes: ['delegated', 'autonomous'],
      approval_methods: ['device_authorization', 'ciba'],
      endpoints: {
        register: '/agent/register',
        capabilities: '/capability/list',
        status: '/agent/status',
        something_later: '/x',
      },
      jwks_uri: 'https://auth.bank.com/.well-known/jwks.json',
    }
    expect(parseWith(discoveryDocumentSchema, { ...document, later: 1 })).toEqual(document)
    expect(refusal(() => parseWith(discoveryDocumentSchema, { ...document, issuer: 'x' }))).toEqual(
      {
        error: 'invalid_request',
        message: expect.stringMatching(/^issuer: /),
      },
    )
  })

  it('accepts the responses of sections 5.3 and 5.5', () => {
    const pending = {
      agent_id: 'agt_abc123',
      host_id: 'hst_xyz789',
      name: 'Bank balance checker',
      mode: 'delegated',
      status: 'pending',
      agent_capability_grants: [{ capability: 'check_balance', status: 'pending' }],
      approval: {
        method: 'device_authorization',
        verification_uri: 'https://bank.com/device',
        verification_uri_complete: 'https://bank.com/device?code=ABCD-1234',
        user_code: 'ABCD-1234',
        expires_in: 300,
        interval: 5,
      },
    }
    expect(parseWith(registerResponseSchema, pending)).toEqual(pending)
    const status = { ...pending, created_at: '2026-02-25T10:00:00Z' }
    expect(parseWith(statusResponseSchema, status)).toEqual(status)
  })

  it('accepts CIBA and methods of later versions, but no device flow without a code', () => {
    const common = { expires_in: 300, interval: 5 }
    expect(approvalInstructionsSchema.safeParse({ method: 'ciba', ...common }).success).toBe(true)
    expect(approvalInstructionsSchema.safeParse({ method: 'later', ...common }).success).toBe(true)
    const device = { method: 'device_authorization', ...common }
    expect(approvalInstructionsSchema.safeParse(device).success).toBe(false)
  })

  it('accepts an agent as its owner sees it', () => {
    const view = {
      agent_id: 'a',
      name: 'Bot',
      mode: 'delegated',
      status: 'active',
      paused: false,
      host: { host_id: 'h', name: null, fingerprint: '0000 1111', status: 'active' },
      created_at: new Date(0).toISOString(),
      activated_at: null,
      last_used_at: null,
      expires_at: null,
      grants: [
        {
          grant_id: 'g',
          capability: 'transfer',
          title: 'Transfer',
          description: 'Transfer money',
          read_only: false,
          status: 'active',
          constraints: { amount: { max: 5 } },
          expires_at: null,
          max_uses: 2,
          uses_left: 1,
          budget: { field: 'amount', limit: 10, spent: 3 },
          granted_at: new Date(0).toISOString(),
          reason: null,
        },
      ],
    }
    expect(parseWith(agentViewSchema, view)).toEqual(view)
  })
})
