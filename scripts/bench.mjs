import { join } from 'node:path'
import { build } from './build.mjs'
import { root, run } from './run.mjs'
import { install, setup } from './setup.mjs'

const bench = join(root, 'bench')

await setup()
await build()
// The libraries we compare with have a lockfile of their own, so nobody else installs them.
await install(join(bench, 'peers'))
process.exitCode = await run([process.execPath, join(bench, 'run.mjs'), ...process.argv.slice(2)])
