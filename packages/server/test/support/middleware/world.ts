import { createHash } from 'node:crypto'
import { generateKeyPair, jwkThumbprint, signAgentJwt } from '@countersign/protocol'
import { freshDatabase } from '../../../../../testing/fresh-database.ts'
import { createAuth } from '../../../src/index.ts'
import { baseURL, secret } from '../auth.ts'
import { join, organizationBy, person } from '../organizations.ts'
import { signedTokenOf } from '../sessions.ts'

const common = { secret, baseURL, logger: { disabled: true }, rateLimit: false } as const
const staticToken = 'a-static-token-of-the-operator-0123456789'

/** An authority with one caller for every credential, and another whose database is away. */
export async function openMiddlewareWorld() {
  const connectionString = await freshDatabase()
  const auth = createAuth({
    connectionString,
    ...common,
    agentAuth: {},
    apiKeys: { permissions: { reports: ['read', 'write'] } },
    organizations: { roles: { clerk: { reports: ['read'] } } },
    staticTokens: [
      {
        name: 'cron',
        hash: createHash('sha256').update(staticToken).digest('hex'),
        permissions: { reports: ['read'] },
      },
    ],
  })
  const away = createAuth({
    connectionString: 'postgres://nobody:nothing@127.0.0.1:1/none',
    ...common,
  })
  away.$ready.catch(() => {})
  const owner = await person(auth, { name: 'owner' })
  const clerk = await person(auth, { name: 'clerk' })
  const organizationId = await organizationBy(owner)
  await join(owner, clerk, { organizationId, role: 'clerk' })
  const stranger = await person(auth, { name: 'stranger' })
  const makeKey = async (body: object = {}) => {
    const permissions = { reports: ['read'] }
    const input = { name: 'k', userId: owner.userId, permissions, ...body }
    return (await auth.api.createApiKey({ body: input })).key
  }
  const token = await auth.handler(
    new Request(`${baseURL}/api/auth/token`, { headers: { cookie: owner.cookie } }),
  )
  return {
    connectionString,
    auth,
    away,
    owner,
    clerk,
    stranger,
    organizationId,
    staticToken,
    key: await makeKey(),
    makeKey,
    jwt: ((await token.json()) as { token: string }).token,
    sessionToken: signedTokenOf(owner.cookie),
    agentJwt: await agentOf(auth, owner.userId),
    close: () => Promise.all([auth.$close(), away.$close()]),
  }
}

export type MiddlewareWorld = Awaited<ReturnType<typeof openMiddlewareWorld>>

/** An agent that was let in before; makes JWTs of it, each good once. */
async function agentOf(auth: Pick<ReturnType<typeof createAuth>, '$context'>, userId: string) {
  const { publicJwk, privateKey } = await generateKeyPair()
  const issuer = await jwkThumbprint(publicJwk)
  const { adapter } = await auth.$context
  const now = new Date()
  const shared = {
    userId,
    status: 'active',
    publicKey: publicJwk,
    activatedAt: now,
    createdAt: now,
    updatedAt: now,
  }
  const host = { id: 'hst_1', thumbprint: issuer, defaultCapabilities: [] }
  const agent = { id: 'agt_1', name: 'Scout', hostId: 'hst_1', mode: 'delegated' }
  await adapter.create({ model: 'agentHost', data: { ...shared, ...host }, forceAllowId: true })
  await adapter.create({
    model: 'agent',
    data: { ...shared, ...agent, registrationKey: 'hst_1.k' },
    forceAllowId: true,
  })
  return () => signAgentJwt({ issuer, agentId: 'agt_1', audience: baseURL, privateKey })
}
