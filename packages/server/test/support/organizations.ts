import { randomUUID } from 'node:crypto'
import type { createAuth } from '../../src/index.ts'
import { baseURL } from './auth.ts'
import { call, type Answer } from './http.ts'
import { sign } from './sessions.ts'

type Auth = Pick<ReturnType<typeof createAuth>, 'handler' | '$context' | '$connection'>

/** A signed-in person with an address of their own. */
export interface Person {
  readonly userId: string
  readonly email: string
  readonly cookie: string
  /** POSTs to an endpoint of organizations. */
  post(path: string, body?: unknown): Promise<Answer>
  /** GETs from an endpoint of organizations. */
  get(path: string): Promise<Answer>
}

/** Signs somebody up, verified unless the test says otherwise. */
export async function person(auth: Auth, { verified = true, name = 'p' } = {}): Promise<Person> {
  const email = `${name}-${randomUUID()}@example.com`
  const { internalAdapter, authCookies } = await auth.$context
  // Without the time that a password takes.
  const { id: userId } = await internalAdapter.createUser(
    { email, name, emailVerified: verified },
    { method: 'email-password' },
  )
  const session = await internalAdapter.createSession(userId)
  const cookie = `${authCookies.sessionToken.name}=${encodeURIComponent(sign(session.token))}`
  return {
    userId,
    email,
    cookie,
    post: (path, body = {}) => call(auth.handler, 'POST', `/organization${path}`, { cookie, body }),
    get: (path) => call(auth.handler, 'GET', `/organization${path}`, { cookie }),
  }
}

/** Creates an organization and returns its id; it becomes the active one of the session. */
export async function organizationBy(owner: Person): Promise<string> {
  const { status, body } = await owner.post('/create', {
    name: 'Acme',
    slug: `acme-${randomUUID()}`,
  })
  if (status !== 200) throw new Error(`create: ${status} ${JSON.stringify(body)}`)
  return body.id
}

/** Invites somebody and lets them accept; returns the id of the member. */
export async function join(
  owner: Person,
  guest: Person,
  { organizationId, role = 'member' }: { organizationId: string; role?: string },
): Promise<string> {
  const invited = await owner.post('/invite-member', { email: guest.email, role, organizationId })
  if (invited.status !== 200) throw new Error(`invite: ${JSON.stringify(invited.body)}`)
  const accepted = await guest.post('/accept-invitation', { invitationId: invited.body.id })
  if (accepted.status !== 200) throw new Error(`accept: ${JSON.stringify(accepted.body)}`)
  return accepted.body.member.id
}

/** A request to somebody's API with a session. */
export function request(cookie: string): Request {
  return new Request(`${baseURL}/api`, { headers: { cookie } })
}
