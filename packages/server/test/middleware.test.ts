import { afterAll, beforeAll } from 'vitest'
import { describeMiddleware } from './support/middleware/describe-middleware.ts'
import {
  serveExpress,
  serveFastify,
  serveH3,
  serveSvelteKit,
} from './support/middleware/services.ts'
import { type MiddlewareWorld, openMiddlewareWorld } from './support/middleware/world.ts'

let world: MiddlewareWorld
beforeAll(async () => {
  world = await openMiddlewareWorld()
})
afterAll(() => world.close())

const opened = () => world

describeMiddleware('S7 S8 Express', opened, serveExpress({ parsed: false }))
describeMiddleware('Express, behind its parsers', opened, serveExpress({ parsed: true }), {
  readsBodies: true,
})
describeMiddleware('S7 S8 Fastify', opened, serveFastify)
describeMiddleware('S7 S8 h3', opened, serveH3)
describeMiddleware('S7 S8 SvelteKit', opened, serveSvelteKit)
