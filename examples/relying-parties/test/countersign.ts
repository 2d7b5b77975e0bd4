import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAuth } from '@countersign/server'
import { getRequestListener } from '@hono/node-server'
import { freshDatabase } from '../../../testing/fresh-database.ts'

/** A Countersign server on a free port, with one account. */
export interface Countersign {
  readonly issuer: string
  readonly account: Account
  close(): Promise<void>
}

/** Somebody with an account. */
export interface Account {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly password: string
}

/** Starts a server where every application may register itself. */
export async function openCountersign(): Promise<Countersign> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`
  const auth = createAuth({
    baseURL: issuer,
    connectionString: await freshDatabase(),
    secret: 'a-secret-of-the-tests-with-32-characters',
    migrate: true,
    mail: { transport: { send: async () => {} }, requireVerification: false },
    provider: { dynamicRegistration: true },
  })
  await auth.$ready
  const listener = getRequestListener(auth.handler)
  server.on('request', (request, response) => void listener(request, response))

  const person = { name: 'Ada Lovelace', email: 'ada@example.com', password: 'correct horse bat' }
  const answer = await fetch(`${issuer}/api/auth/sign-up/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: issuer },
    body: JSON.stringify(person),
  })
  const { user } = (await answer.json()) as { user: { id: string } }
  return {
    issuer,
    account: { ...person, id: user.id },
    close: async () => {
      server.close()
      server.closeAllConnections()
      await auth.$close()
    },
  }
}

/** A client of its own for an application (RFC 7591). */
export async function register(
  { issuer }: Countersign,
  redirectUri: string,
): Promise<{ client_id: string; client_secret: string }> {
  const answer = await fetch(`${issuer}/api/auth/oauth2/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'An application of somebody else',
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: 'client_secret_basic',
      scope: 'openid profile email',
    }),
  })
  const client = (await answer.json()) as { client_id: string; client_secret: string }
  if (answer.status !== 201) throw new Error(JSON.stringify(client))
  return client
}
