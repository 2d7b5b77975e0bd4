import { readFileSync } from 'node:fs'
import type { AuthContext } from '@better-auth/core'
import { signAgentJwt } from '@countersign/protocol'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase } from '../../../testing/fresh-database.ts'
import { agentAuth } from '../src/agent-auth/index.ts'
import { TestAgent, TestHost } from './support/actors.ts'
import { bank } from './support/bank.ts'
import { call, EXECUTE, ISSUER, SECRET } from './support/http.ts'

const guide = readFileSync(
  new URL('../../../docs/migrating-from-better-auth-agent-auth.md', import.meta.url),
  'utf8',
)
const [moveAside = '', carryOver = ''] = [...guide.matchAll(/```sql\n([\s\S]*?)```/g)].map(
  ([, sql = '']) => sql,
)

/** What `npx auth migrate` made for `@better-auth/agent-auth` 0.6.2. */
const OLD_TABLES = `
  create table "agentHost" ("id" text primary key, "name" text, "userId" text references "user" ("id"),
    "defaultCapabilities" text, "publicKey" text, "kid" text, "jwksUrl" text, "enrollmentTokenHash" text,
    "enrollmentTokenExpiresAt" timestamptz, "status" text not null, "activatedAt" timestamptz,
    "expiresAt" timestamptz, "lastUsedAt" timestamptz, "createdAt" timestamptz not null,
    "updatedAt" timestamptz not null);
  create table "agent" ("id" text primary key, "name" text not null, "userId" text references "user" ("id"),
    "hostId" text not null references "agentHost" ("id"), "status" text not null, "mode" text not null,
    "publicKey" text not null, "kid" text, "jwksUrl" text, "lastUsedAt" timestamptz,
    "activatedAt" timestamptz, "expiresAt" timestamptz, "metadata" text,
    "createdAt" timestamptz not null, "updatedAt" timestamptz not null);
  create table "agentCapabilityGrant" ("id" text primary key,
    "agentId" text not null references "agent" ("id"), "capability" text not null, "deniedBy" text,
    "grantedBy" text, "expiresAt" timestamptz, "createdAt" timestamptz not null,
    "updatedAt" timestamptz not null, "status" text not null, "reason" text, "constraints" text);
  create table "approvalRequest" ("id" text primary key, "agentId" text references "agent" ("id"));
  create index "agentHost_userId_idx" on "agentHost" ("userId");
  create index "agent_hostId_idx" on "agent" ("hostId");`

describe('AF1 moving over from @better-auth/agent-auth on PostgreSQL', () => {
  let pool: Pool
  beforeAll(async () => {
    pool = new Pool({ connectionString: await freshDatabase() })
  })
  afterAll(() => pool.end())

  it('the SQL of the guide carries hosts, agents and grants over, and they work at once', async () => {
    const common = { baseURL: ISSUER, secret: SECRET, database: pool }
    await (await getMigrations(common)).runMigrations()
    await pool.query(OLD_TABLES)
    const before = (await betterAuth(common).$context) as unknown as AuthContext
    const person = await before.internalAdapter.createUser(
      { email: 'ada@example.com', name: 'Ada', emailVerified: true },
      { method: 'email-password' },
    )

    let handler = async (_request: Request) => new Response(null, { status: 503 })
    const host = await TestHost.create({ handler: (request) => handler(request) })
    const agent = new TestAgent(host, (await TestHost.create(host)).keys, 'oldAgent1')
    const key = (one: { keys: TestHost['keys'] }) =>
      JSON.stringify({ ...one.keys.publicJwk, kid: 'k1' })
    await pool.query(
      `insert into "agentHost" ("id", "name", "userId", "defaultCapabilities", "publicKey", "status",
        "activatedAt", "lastUsedAt", "createdAt", "updatedAt")
       values ('oldHost1', 'Laptop', $1, '["list_accounts"]', $2, 'active', now(), now(), now(), now())`,
      [person.id, key(host)],
    )
    await pool.query(
      `insert into "agent" ("id", "name", "userId", "hostId", "status", "mode", "publicKey",
        "activatedAt", "lastUsedAt", "createdAt", "updatedAt")
       values ('oldAgent1', 'Bot', $1, 'oldHost1', 'active', 'delegated', $2, now(), now(), now(), now()),
        ('oldAgent2', 'Gone', $1, 'oldHost1', 'revoked', 'delegated', $2, now(), now(), now(), now())`,
      [person.id, key(agent)],
    )
    const grants = [
      ['g1', 'list_accounts', 'active', null],
      ['g2', 'transfer_money', 'active', '{"amount":{"max":5}}'],
      ['g3', 'crash', 'revoked', null],
      ['g4', 'crash', 'active', '{"amount":{"eq":5}}'],
    ]
    for (const values of grants) {
      await pool.query(
        `insert into "agentCapabilityGrant" ("id", "capability", "status", "constraints", "agentId",
          "createdAt", "updatedAt") values ($1, $2, $3, $4, 'oldAgent1', now(), now())`,
        values,
      )
    }

    await pool.query(moveAside)
    const options = { ...common, plugins: [agentAuth(bank())] }
    await (await getMigrations(options)).runMigrations()
    await pool.query(carryOver)
    const auth = betterAuth(options)
    handler = (request) => auth.handler(request)

    expect((await agent.execute('list_accounts')).status).toBe(200)
    expect((await agent.execute('transfer_money', { amount: 5, to: 'bob' })).status).toBe(200)
    const tooMuch = await agent.execute('transfer_money', { amount: 6, to: 'bob' })
    expect(tooMuch.body.error).toBe('constraint_violated')
    expect((await agent.execute('crash')).body.error).toBe('capability_not_granted')
    expect((await host.status('oldAgent1')).body).toMatchObject({
      status: 'active',
      host_id: 'oldHost1',
    })
    expect((await host.status('oldAgent2')).status).not.toBe(200)
    const again = await host.register({ capabilities: ['list_accounts'] })
    expect(again.answer).toMatchObject({ status: 200, body: { status: 'active' } })

    // Software that leaves out `iss` is taken only where that is said.
    const { privateKey } = agent.keys
    const claims = { agentId: agent.id, audience: EXECUTE, privateKey, issuer: 'somebody else' }
    const strange = { token: await signAgentJwt(claims), body: { capability: 'list_accounts' } }
    expect((await call(handler, 'POST', '/capability/execute', strange)).status).toBe(401)
  })
})
