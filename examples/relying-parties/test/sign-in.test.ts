import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../../testing/free-port.ts'
import { startExample } from '../../../testing/start-example.ts'
import { type Countersign, openCountersign, register } from './countersign.ts'
import { Person } from './person.ts'

let countersign: Countersign
beforeAll(async () => {
  countersign = await openCountersign()
})
afterAll(() => countersign.close())

describe('PP4 the documented example relying-parties is compiled and run', () => {
  it.concurrent.each([
    ['@auth/core', 'auth-core', '/auth/callback/countersign'],
    ['simple-oauth2', 'simple-oauth2', '/callback'],
    ['grant', 'grant', '/connect/countersign/callback'],
    ["Better Auth's genericOAuth", 'generic-oauth', '/api/auth/callback/countersign'],
  ])('PP4 %s signs a person in with Countersign', async (_, LIBRARY, callback) => {
    const port = await freePort()
    const appURL = `http://localhost:${port}`
    const { issuer, account } = countersign
    const client = await register(countersign, `${appURL}${callback}`)
    const example = startExample('relying-parties', {
      LIBRARY,
      PORT: String(port),
      COUNTERSIGN_URL: issuer,
      CLIENT_ID: client.client_id,
      CLIENT_SECRET: client.client_secret,
    })
    try {
      await example.printed(/Listening/)
      const person = new Person(countersign)
      const user = async () => (await person.browser.request(`${appURL}/`)).json()
      expect(await user()).toBeNull()
      expect(await person.signIn(`${appURL}/login`), example.output()).toBe(`${appURL}/`)
      const { id, name, email } = account
      expect(await user()).toMatchObject({ id, name, email })
      expect(person.browser.visited.join(' ')).not.toContain(client.client_secret)
    } finally {
      await example.stop()
    }
  })
})
