/**
 * A server process of its own: `node --import <loader> token-process.ts <connection string>`.
 *
 * It serves its handler over HTTP and tells its parent where.
 */
import { createAuth } from '../../../src/index.ts'
import { ISSUER, SECRET } from '../../support/http.ts'
import { serveWorld } from '../../support/serve.ts'

const auth = createAuth({
  baseURL: ISSUER,
  secret: SECRET,
  rateLimit: false,
  connectionString: process.argv[2] ?? '',
  provider: { rateLimit: false },
})
await auth.$ready
const { base } = await serveWorld(() => auth)

process.on('disconnect', () => {
  void auth.$close().then(() => process.exit(0))
})
process.send?.({ base })
