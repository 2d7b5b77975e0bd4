import {
  type AgentAuthOptions,
  type Capability,
  deviceAuthorization,
} from '../../src/agent-auth/index.ts'

export const INTROSPECTION_SECRET = 'resource-server-secret-0123456789abcdef'
export const FILES = 'https://files.example/execute'

/** What the server of these tests offers. */
export const capabilities: readonly Capability[] = [
  {
    name: 'list_accounts',
    description: 'Lists the accounts of the person.',
    readOnly: true,
    execute: () => ['acc_1', 'acc_2'],
  },
  {
    name: 'check_balance',
    description: 'Tells the balance of one account.',
    readOnly: true,
    input: {
      type: 'object',
      properties: { account: { type: 'string' } },
      required: ['account'],
      additionalProperties: false,
    },
    execute: ({ account }) => ({ account, balance: 120 }),
  },
  {
    name: 'transfer_money',
    title: 'Transfer money',
    description: 'Sends money to another account.',
    input: {
      type: 'object',
      properties: { amount: { type: 'number' }, to: { type: 'string' }, memo: { type: 'string' } },
      required: ['amount', 'to'],
    },
    execute: (args, { agent }) => ({ sent: args, by: agent.agentId }),
  },
  {
    name: 'close_account',
    description: 'Closes an account for good.',
    approvalStrength: 'webauthn',
    execute: () => ({ closed: true }),
  },
  {
    name: 'tell_time',
    description: 'Tells the time at the bank.',
    readOnly: true,
    approvalStrength: 'none',
    execute: () => ({ time: '12:00' }),
  },
  {
    name: 'pay_small',
    description: 'Pays a small bill.',
    constraints: { amount: { max: 50 } },
    execute: ({ amount }) => ({ paid: amount }),
  },
  {
    name: 'crash',
    description: 'Fails in its own code.',
    execute: () => {
      throw new Error('password=hunter2 at /srv/bank/db.ts')
    },
  },
  {
    name: 'crash_upstream',
    description: 'Fails because its own service is away.',
    execute: () => {
      throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' })
    },
  },
  {
    name: 'lie',
    description: 'Returns what it does not promise.',
    output: { type: 'object', properties: { total: { type: 'number' } }, required: ['total'] },
    execute: () => ({ total: 'many', secret: 'hunter2' }),
  },
  {
    name: 'read_files',
    description: 'Reads files at another service.',
    readOnly: true,
    location: FILES,
  },
]

/** Options of the tests' server. */
export function bank(more: AgentAuthOptions = {}): AgentAuthOptions {
  return {
    providerName: 'bank',
    providerDescription: 'A bank.',
    capabilities,
    defaultHostCapabilities: ['list_accounts'],
    introspectionSecrets: [INTROSPECTION_SECRET],
    approvalMethods: [deviceAuthorization()],
    // Every request of a test comes from one address, or from none.
    rateLimit: { registration: { window: 60, max: 100_000 } },
    ...more,
  }
}
