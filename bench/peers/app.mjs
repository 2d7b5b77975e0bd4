import { apiKey } from '@better-auth/api-key'
import { passkey } from '@better-auth/passkey'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { bearer, jwt, organization } from 'better-auth/plugins'
import pg from 'pg'
import { listen } from '../servers/listen.mjs'

/** Better Auth with the plugins that Countersign has by default. */
const options = {
  database: new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 32 }),
  baseURL: process.env.BASE_URL,
  secret: process.env.SECRET,
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [
    organization({ teams: { enabled: true } }),
    passkey(),
    apiKey({ rateLimit: { enabled: false } }),
    bearer(),
    jwt(),
  ],
}
const { runMigrations } = await getMigrations(options)
await runMigrations()
const auth = betterAuth(options)
await auth.$context

/** What an application does with a key or a token: one call of the server's own API. */
const checks = {
  async '/check-key'(headers) {
    const { key } = await auth.api.verifyApiKey({ body: { key: headers.get('x-api-key') } })
    return key?.referenceId
  },
  async '/check-bearer'(headers) {
    const token = headers.get('authorization').slice('Bearer '.length)
    const { payload } = await auth.api.verifyJWT({ body: { token } })
    return payload?.sub
  },
}

listen(async (request) => {
  const check = checks[new URL(request.url).pathname]
  if (!check) return auth.handler(request)
  const userId = await check(request.headers)
  return Response.json({ userId }, { status: userId ? 200 : 401 })
})
