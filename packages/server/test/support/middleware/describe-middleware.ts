import { afterAll, beforeAll, describe } from 'vitest'
import { accounts } from './accounts.ts'
import { type Application, applicationTest } from './application.ts'
import { bodies } from './bodies.ts'
import { credentials } from './credentials.ts'
import { failures } from './failures.ts'
import { hostileRequests } from './hostile-requests.ts'
import { paths } from './paths.ts'
import { requirements } from './requirements.ts'
import { routesOf } from './routes.ts'
import type { Serve, Service } from './services.ts'
import { severalGuards } from './several-guards.ts'
import type { MiddlewareWorld } from './world.ts'

/** What an adapter cannot show. */
export interface Exceptions {
  /** One guard for each route: there is nothing to put before it. */
  readonly oneGuard?: boolean
  /** Something before the routes of the authority reads whole bodies, with limits of its own. */
  readonly readsBodies?: boolean
}

/** What every adapter does, over real HTTP, with a real authority behind it. */
export function describeMiddleware(
  name: string,
  opened: () => MiddlewareWorld,
  serve: Serve,
  { oneGuard = false, readsBodies = false }: Exceptions = {},
): void {
  describe(`middleware for ${name}`, () => {
    let application: Application & Pick<Service, 'close'>
    beforeAll(async () => {
      const world = opened()
      const routes = routesOf(world).filter(({ guards }) => !oneGuard || guards.length === 1)
      application = { world, ...(await serve(world.auth, routes)) }
    })
    afterAll(() => application.close())
    const it = applicationTest(() => application)

    describe('guards', () => {
      credentials(it)
      requirements(it)
      severalGuards(it, { oneGuard })
      hostileRequests(it)
      failures(it)
    })
    describe('routes of the authority', () => {
      accounts(it)
      paths(it)
      bodies(it, { readsBodies })
    })
  })
}
