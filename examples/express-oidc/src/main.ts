import { randomBytes } from 'node:crypto'
import { createApp } from './app.ts'

const port = Number(process.env['PORT'] ?? 3000)
const baseURL = process.env['BASE_URL'] ?? `http://localhost:${port}`
// Encrypts the cookies. Set one, or everybody is signed out when the process ends.
process.env['COUNTERSIGN_SECRET'] ??= randomBytes(32).toString('hex')

const server = createApp(baseURL).listen(port, () => console.log(`Listening at ${baseURL}`))
process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
})
