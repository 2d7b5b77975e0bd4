import { equal, ok } from 'node:assert/strict'
import { as } from '../administration.ts'
import { revoke as postRevoke } from '../tokens.ts'
import type { PersonModel } from './model.ts'
import { pick, type Step, type Story } from './story.ts'

/** What takes something away from somebody, and time that passes. */

async function revoke(story: Story, { b, n }: Step): Promise<void> {
  if (story.tokens.length === 0) return
  const token = pick(story.tokens, b)
  const { family } = token
  const client = n % 5 === 0 ? pick(story.clients, n) : family.client
  const isTheirs = client === family.client
  const isKnown = !token.isSwept && family.person.state !== 'deleted'
  const answer = await postRevoke(story.server, client.client, token.value)
  story.expect(answer, client.isEnabled && (isTheirs || !isKnown))
  if (!isTheirs || !client.isEnabled || !isKnown) return
  token.isRevoked = true
  // An access token ends alone, with what was exchanged in its family.
  story.end((one) => (token.kind === 'refresh' ? one : one.parent) === family)
}

async function signOut(story: Story, { a }: Step): Promise<void> {
  const session = pick(story.sessions, a)
  if (!session.isLive) return
  const { status } = await session.user.browser.post('/sign-out', {})
  equal(status, 200)
  session.isLive = false
  story.end((family) => family.session === session && !family.offline)
}

async function deleteConsent(story: Story, { a, b }: Step): Promise<void> {
  const session = pick(story.sessions, a)
  const { client } = pick(story.clients, b)
  const { status } = await as(session.user, 'DELETE', `/user/consent/${client.clientId}`)
  if (!session.isLive) return equal(status, 401)
  ok(status === 200 || status === 404, `the end of a consent: ${status}`)
  const { person } = session
  person.consents.delete(client.clientId)
  story.end((family) => family.person === person && family.client.client === client)
}

async function ban(story: Story, { a, n }: Step): Promise<void> {
  const person = pick(story.people, a)
  // The plugin alone has no administration of people.
  if (!story.isOnPostgres || person.state !== 'here' || n % 3 !== 0) return
  await administer(story, '/admin/ban-user', person)
  person.state = 'banned'
  leave(story, person)
}

async function unban(story: Story, { a }: Step): Promise<void> {
  const person = pick(story.people, a)
  if (person.state !== 'banned') return
  await administer(story, '/admin/unban-user', person)
  person.state = 'here'
}

async function remove(story: Story, { a, n }: Step): Promise<void> {
  const person = pick(story.people, a)
  if (n % 6 !== 0 || person.state === 'deleted') return
  await story.server.context.internalAdapter.deleteUser(person.user.id)
  person.state = 'deleted'
  leave(story, person)
}

async function administer(story: Story, path: string, { user }: PersonModel): Promise<void> {
  const { browser } = await story.administrator()
  const { status } = await browser.post(path, { userId: user.id })
  equal(status, 200, path)
}

function leave(story: Story, person: PersonModel): void {
  for (const session of story.sessions) if (session.person === person) session.isLive = false
  story.end((family) => family.person === person)
}

/** Switches a client off, or on again. */
async function toggle(story: Story, { b }: Step): Promise<void> {
  const client = pick(story.clients, b)
  const admin = await story.administrator()
  const disabled = client.isEnabled
  const { status } = await as(admin, 'PUT', `/clients/${client.client.clientId}`, { disabled })
  equal(status, 200)
  client.isEnabled = !disabled
  if (disabled) story.end((family) => family.parent?.client === client)
  await story.told(client)
}

const SECONDS = [1, 2, 17, 31, 61, 307, 607, 3607]

async function wait(story: Story, { n }: Step): Promise<void> {
  story.wait(pick(SECONDS, n))
}

async function sweep(story: Story): Promise<void> {
  await (story.server.api as { cleanUpProvider(): Promise<unknown> }).cleanUpProvider()
  for (const token of story.tokens) if (token.expiresAt < story.raceTime) token.isSwept = true
}

/** What can happen, by name. */
export const ending = { revoke, signOut, deleteConsent, ban, unban, remove, toggle, wait, sweep }
