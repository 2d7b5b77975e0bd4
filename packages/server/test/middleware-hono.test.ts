import { afterAll, beforeAll } from 'vitest'
import { describeMiddleware } from './support/middleware/describe-middleware.ts'
import { serveHono, serveNext } from './support/middleware/services.ts'
import { type MiddlewareWorld, openMiddlewareWorld } from './support/middleware/world.ts'

// Apart from the others: what serves these replaces `Request` and `Response` in the whole process.
let world: MiddlewareWorld
beforeAll(async () => {
  world = await openMiddlewareWorld()
})
afterAll(() => world.close())

const opened = () => world

describeMiddleware('S7 S8 Hono', opened, serveHono())
describeMiddleware('Hono, behind a reader of bodies', opened, serveHono({ parsed: true }), {
  readsBodies: true,
})
describeMiddleware('S7 S8 Next', opened, serveNext, { oneGuard: true })
