import { createAuth } from '../../packages/server/dist/index.js'
import { listen } from './listen.mjs'

const auth = createAuth({
  connectionString: process.env.DATABASE_URL,
  baseURL: process.env.BASE_URL,
  secret: process.env.SECRET,
  migrate: true,
  rateLimit: false,
})
await auth.$ready

const checks = new Set(['/check-key', '/check-bearer'])

listen(async (request) => {
  if (!checks.has(new URL(request.url).pathname)) return auth.handler(request)
  try {
    const { userId } = await auth.authenticate(request)
    return Response.json({ userId }, { status: userId ? 200 : 401 })
  } catch (error) {
    return Response.json(error, { status: error.status ?? 500 })
  }
})
