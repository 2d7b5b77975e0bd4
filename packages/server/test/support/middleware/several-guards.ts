import { expect } from 'vitest'
import { type ApplicationTest, apiKey, bearer } from './application.ts'

/** What several guards on one request add up to. */
export function severalGuards(it: ApplicationTest, { oneGuard }: { oneGuard: boolean }): void {
  it.skipIf(oneGuard)(
    'several guards on a request verify its credential once',
    async ({ world, get }) => {
      // Once is all that the JWT of an agent is good for, and all that is counted of a key.
      expect((await get('/stacked', bearer(await world.agentJwt()))).status).toBe(200)
      const key = await world.makeKey({ remaining: 1 })
      expect((await get('/stacked', apiKey(key))).status).toBe(200)
      expect([401, 429]).toContain((await get('/stacked', apiKey(key))).status)
    },
  )

  it.skipIf(oneGuard)(
    'optional guards add up: a session or a key',
    async ({ world, cookie, get }) => {
      const methodOf = async (headers: Record<string, string>) =>
        (await get('/either', headers)).body.auth.authMethod
      expect(await methodOf({ cookie })).toBe('session')
      expect(await methodOf(apiKey(world.key))).toBe('api-key')
      expect(await methodOf({})).toBe('none')
      expect((await get('/either', { cookie, ...apiKey('csk_bad') })).status).toBe(401)
    },
  )
}
