import { generateKeyPairSync } from 'node:crypto'
import { Provider } from 'oidc-provider'
import pg from 'pg'
import { obeyParent, sayListening } from './parent.mjs'
import { challenge, client } from './provider-client.mjs'

/**
 * `oidc-provider` 9 as an operator with PostgreSQL would run it: one table, and codes and refresh
 * tokens that are consumed by one guarded update.
 */
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 32 })
await pool.query(`CREATE TABLE IF NOT EXISTS oidc_payload (
  id text PRIMARY KEY, payload jsonb NOT NULL, grant_id text, user_code text, uid text,
  expires_at timestamptz, consumed_at timestamptz)`)
await pool.query('CREATE INDEX IF NOT EXISTS oidc_payload_grant ON oidc_payload (grant_id)')

const query = (name, text, values) => pool.query({ name, text, values })

class PostgresAdapter {
  constructor(model) {
    this.model = model
  }

  key(id) {
    return `${this.model}:${id}`
  }

  async upsert(id, payload, expiresIn) {
    await query(
      'upsert',
      `INSERT INTO oidc_payload (id, payload, grant_id, user_code, uid, expires_at)
       VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
       ON CONFLICT (id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at`,
      [
        this.key(id),
        JSON.stringify(payload),
        payload.grantId,
        payload.userCode,
        payload.uid,
        expiresIn,
      ],
    )
  }

  async find(id) {
    const { rows } = await query(
      'find',
      'SELECT payload, consumed_at FROM oidc_payload WHERE id = $1 AND (expires_at IS NULL OR expires_at > now())',
      [this.key(id)],
    )
    const [row] = rows
    if (!row) return undefined
    return {
      ...row.payload,
      ...(row.consumed_at && { consumed: row.consumed_at.getTime() / 1000 }),
    }
  }

  async consume(id) {
    const { rowCount } = await query(
      'consume',
      'UPDATE oidc_payload SET consumed_at = now() WHERE id = $1 AND consumed_at IS NULL',
      [this.key(id)],
    )
    if (rowCount === 0) throw new Error('consumed already')
  }

  async destroy(id) {
    await query('destroy', 'DELETE FROM oidc_payload WHERE id = $1', [this.key(id)])
  }

  async revokeByGrantId(grantId) {
    await query('revoke', 'DELETE FROM oidc_payload WHERE grant_id = $1', [grantId])
  }
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const claims = { sub: 'person', name: 'Person', email: 'person@example.com', email_verified: true }
const provider = new Provider(process.env.BASE_URL, {
  adapter: PostgresAdapter,
  jwks: {
    keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'bench', alg: 'RS256', use: 'sig' }],
  },
  cookies: { keys: [process.env.SECRET] },
  clients: [
    {
      client_id: client.id,
      client_secret: client.secret,
      redirect_uris: [client.redirectUri],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      scope: `${client.scope} bench:read`,
    },
  ],
  scopes: ['openid', 'offline_access', 'profile', 'email', 'bench:read'],
  claims: { profile: ['name'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false,
  findAccount: () => ({ accountId: 'person', claims: () => claims }),
  rotateRefreshToken: true,
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
  },
})
provider.proxy = false

const grants = {
  code: (count) => Promise.all(Array.from({ length: count }, () => token('AuthorizationCode'))),
  refresh: (count) => Promise.all(Array.from({ length: count }, () => token('RefreshToken'))),
  access: (count) =>
    Promise.all(Array.from({ length: Math.min(count, 32) }, () => token('AccessToken'))),
}

/** A code or token as the authorization and token endpoints leave them. */
async function token(model) {
  const known = await provider.Client.find(client.id)
  const grant = new provider.Grant({ accountId: 'person', clientId: client.id })
  grant.addOIDCScope(client.scope)
  const grantId = await grant.save()
  const common = {
    accountId: 'person',
    client: known,
    grantId,
    gty: 'authorization_code',
    scope: client.scope,
    expiresWithSession: false,
    claims: {},
  }
  const extra = {
    AuthorizationCode: {
      codeChallenge: challenge,
      codeChallengeMethod: 'S256',
      redirectUri: client.redirectUri,
      nonce: 'n',
      authTime: Math.floor(Date.now() / 1000),
    },
    RefreshToken: {
      authTime: Math.floor(Date.now() / 1000),
      rotations: 0,
      iiat: Math.floor(Date.now() / 1000),
    },
    AccessToken: {},
  }
  return new provider[model]({ ...common, ...extra[model] }).save()
}

provider.use(async (context, next) => {
  if (context.path !== '/seed') return next()
  context.body = await grants[context.query.kind](Number(context.query.count))
})

const server = provider.listen(Number(process.env.PORT), '127.0.0.1', sayListening)
server.keepAliveTimeout = 120_000
obeyParent()
