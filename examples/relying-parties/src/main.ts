import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import type { Application } from './settings.ts'

/** Each library, and how its application is loaded. */
const applications: Record<string, () => Promise<Application>> = {
  'auth-core': async () => (await import('./auth-core.ts')).authCore,
  'simple-oauth2': async () => (await import('./simple-oauth2.ts')).simpleOAuth2,
  grant: async () => (await import('./grant.ts')).withGrant,
  'generic-oauth': async () => (await import('./generic-oauth.ts')).withGenericOAuth,
}

const { positionals } = parseArgs({ allowPositionals: true })
const name = positionals[0] ?? process.env['LIBRARY'] ?? ''
const { env } = process
const port = Number(env['PORT'] ?? 4000)
const appURL = `http://localhost:${port}`
const { COUNTERSIGN_URL: issuer, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret } = env
const load = applications[name]
if (!load || !issuer || !clientId || !clientSecret) {
  console.error(`Usage: npm start -- <${Object.keys(applications).join('|')}>`)
  console.error('with COUNTERSIGN_URL, CLIENT_ID and CLIENT_SECRET in the environment.')
  process.exit(1)
}
const secret = env['SECRET'] ?? randomBytes(32).toString('hex')
const application = await load()
const server = createServer(application({ appURL, issuer, clientId, clientSecret, secret }))
server.listen(port, 'localhost', () => console.log(`Listening at ${appURL}`))
process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
})
