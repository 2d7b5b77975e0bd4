import { serve } from '@hono/node-server'
import { createApp } from './app.ts'
import { openAuth } from './auth.ts'

const port = Number(process.env['PORT'] ?? 3001)
const baseURL = process.env['COUNTERSIGN_BASE_URL'] ?? `http://localhost:${port}`
const auth = openAuth({ baseURL })
await auth.$ready

const server = serve({ fetch: createApp(auth).fetch, port }, () => {
  console.log(`Listening at ${baseURL}`)
})
process.once('SIGTERM', () => {
  server.close(() => void auth.$close())
})
