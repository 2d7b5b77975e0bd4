import { createHash, randomBytes } from 'node:crypto'
import { createAuth } from '../../packages/server/dist/index.js'
import { codeIdentifier } from '../../packages/server/dist/provider/engine.js'
import { storedToken } from '../../packages/server/dist/sessions/stored-token.js'
import { listen } from './listen.mjs'
import { authorization, challenge, client, tokenForm, verifier } from './provider-client.mjs'

const origin = process.env.BASE_URL
const auth = createAuth({
  connectionString: process.env.DATABASE_URL,
  // As many connections as the load has, like every server measured.
  poolSize: 32,
  baseURL: origin,
  secret: process.env.SECRET,
  migrate: true,
  rateLimit: false,
  provider: { rateLimit: false, scopes: { 'bench:read': { title: 'Read' } } },
})
await auth.$ready
const { sql } = auth.$connection

const person = await signUp()
await sql.query(
  `INSERT INTO oauth_client (id, client_id, client_secret, registration, name, redirect_uris,
     grant_types, response_types, scopes, token_endpoint_auth_method, created_at, updated_at)
   VALUES ($1, $1, $2, 'manual', 'Bench', $3, $4, '{code}', $5, 'client_secret_basic', now(), now())`,
  [
    client.id,
    createHash('sha256').update(client.secret).digest('base64url'),
    [client.redirectUri],
    ['authorization_code', 'refresh_token', 'client_credentials'],
    ['openid', 'profile', 'email', 'offline_access', 'bench:read'],
  ],
)
await sql.query(
  `INSERT INTO oauth_consent (id, client_id, user_id, scopes, created_at, updated_at)
   VALUES ('bench', $1, $2, $3, now(), now())`,
  [client.id, person.userId, client.scope.split(' ')],
)

/** What the load needs that is used up: codes, refresh tokens, access tokens. */
const seeds = {
  code: seedCodes,
  refresh: (count) => redeem(count, ({ refresh_token }) => refresh_token),
  access: (count) => redeem(Math.min(count, 32), ({ access_token }) => access_token),
}

listen(async (request) => {
  const { pathname, searchParams } = new URL(request.url)
  if (pathname !== '/seed') return auth.handler(request)
  return Response.json(await seeds[searchParams.get('kind')](Number(searchParams.get('count'))))
})

async function signUp() {
  const email = 'person@example.com'
  const body = { name: 'Person', email, password: randomBytes(16).toString('hex') }
  const { user } = await auth.api.signUpEmail({ body })
  const { rows } = await sql.query('SELECT id FROM session WHERE user_id = $1', [user.id])
  return { userId: user.id, sessionId: rows[0].id }
}

/** Codes as the authorization endpoint leaves them. */
async function seedCodes(count) {
  const codes = Array.from({ length: count }, () => randomBytes(24).toString('base64url'))
  const value = JSON.stringify({
    type: 'authorization_code',
    query: {
      client_id: client.id,
      redirect_uri: client.redirectUri,
      scope: client.scope,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      nonce: 'n',
    },
    ...person,
    authTime: Date.now(),
  })
  await sql.query(
    `INSERT INTO verification (id, identifier, value, expires_at, created_at, updated_at)
     SELECT code, code, $2, now() + interval '10 minutes', now(), now() FROM unnest($1::text[]) AS code`,
    [codes.map((code) => storedToken(codeIdentifier(code))), value],
  )
  return codes
}

async function redeem(count, pick) {
  const redeemed = []
  const codes = await seedCodes(count)
  while (codes.length > 0) redeemed.push(...(await Promise.all(codes.splice(0, 32).map(redeemOne))))
  return redeemed.map(pick)
}

async function redeemOne(code) {
  const request = new Request(`${origin}/api/auth/oauth2/token`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    body: tokenForm({ code, verifier }),
  })
  const answer = await (await auth.handler(request)).json()
  if (!answer.access_token) throw new Error(JSON.stringify(answer))
  return answer
}
