import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.mjs'
import { root, run } from './run.mjs'
import { install, setup } from './setup.mjs'

const bench = join(root, 'bench')

await setup()
await build()
// The libraries we compare with have a lockfile of their own, so nobody else installs them.
if (existsSync(join(bench, 'peers/package-lock.json'))) await install(join(bench, 'peers'))

if (existsSync(join(bench, 'run.mjs'))) {
  process.exitCode = await run([process.execPath, join(bench, 'run.mjs'), ...process.argv.slice(2)])
} else {
  console.log('There is no bench/run.mjs: nothing to measure.')
}
