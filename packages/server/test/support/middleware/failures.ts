import { expect } from 'vitest'
import { type ApplicationTest, apiKey } from './application.ts'

/** What callers get when they ask too often, or when something behind the guard fails. */
export function failures(it: ApplicationTest): void {
  it('is 429 for a key that is used too often, with the time to wait', async ({ world, get }) => {
    const limit = { rateLimitMax: 2, rateLimitTimeWindow: 3_600_000 }
    const key = await world.makeKey(limit)
    for (const path of ['/any', '/api/key']) {
      expect((await get(path, apiKey(key))).status).toBe(200)
    }
    const refused = await get('/any', apiKey(key))
    expect(refused).toMatchObject({ status: 429, body: { error: 'rate_limited' } })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  })

  it('is 503 while the database is away, and neither 401 nor nobody', async ({
    world,
    cookie,
    get,
  }) => {
    for (const path of ['/away', '/away-optional']) {
      const callers: Record<string, string>[] = [{}, { cookie }, apiKey(world.key)]
      for (const headers of callers) {
        const answer = await get(path, headers)
        expect(answer).toMatchObject({ status: 503, body: { error: 'unavailable' } })
        expect(answer.headers['retry-after']).toBe('5')
      }
    }
  })

  it('lets nobody through on a failure that nobody expected', async ({ cookie, get }) => {
    const answer = await get('/broken', { cookie })
    expect(answer.status).toBe(500)
    expect(answer.body?.auth).toBeUndefined()
    expect((await get('/any')).status).toBe(401)
  })
}
