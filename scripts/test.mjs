import { build } from './build.mjs'
import { run, tool } from './run.mjs'
import { setup } from './setup.mjs'

await setup()
// The end-to-end tests start the built server.
await build()
process.exitCode = await run(tool('vitest/vitest.mjs', 'run', ...process.argv.slice(2)))
