import { fileURLToPath } from 'node:url'
import { build } from './build.mjs'
import { root } from './run.mjs'
import { setup } from './setup.mjs'

await setup()
await build()

// The server runs in this very process: Ctrl-C, signals and the exit code are its own.
const server = new URL('../apps/server/dist/bin.js', import.meta.url)
process.chdir(root)
process.argv[1] = fileURLToPath(server)
await import(server.href)
