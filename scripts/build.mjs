import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, run, tool } from './run.mjs'
import { setup } from './setup.mjs'

const stamp = join(root, 'node_modules/.countersign-build')
const outputs = ['apps/server/dist/bin.js', 'apps/console/dist/index.html']
const notSources = new Set(['node_modules', 'dist', 'test', '.countersign'])

/** Builds packages, server and console; takes milliseconds when no source changed since the last time. */
export async function build() {
  const sources = fingerprint()
  if (outputs.every((output) => existsSync(join(root, output))) && lastBuild() === sources) return

  console.log('Building …')
  rmSync(stamp, { force: true })
  await step(tool('typescript/bin/tsc', '-b'))
  await step(tool('vite/bin/vite.js', 'build', '--logLevel=warn'), join(root, 'apps/console'))
  writeFileSync(stamp, sources)
}

async function step(command, cwd = root) {
  const code = await run(command, { cwd })
  if (code === 0) return
  console.error('The build failed: see above.')
  process.exit(code)
}

function lastBuild() {
  return existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined
}

/** Name, size and time of every file a build reads: a few hundred `stat` calls, no reading. */
function fingerprint() {
  const hash = createHash('sha256')
  const add = (path) => {
    const { size, mtimeMs } = statSync(path)
    hash.update(`${path}:${size}:${mtimeMs}\n`)
  }
  for (const file of ['package-lock.json', 'tsconfig.json', 'tsconfig.base.json']) {
    add(join(root, file))
  }
  for (const folder of ['packages', 'apps']) walk(join(root, folder), add)
  return hash.digest('hex')
}

function walk(folder, visit) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (notSources.has(entry.name) || /\.test\.tsx?$/.test(entry.name)) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) walk(path, visit)
    else if (entry.isFile()) visit(path)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await setup()
  await build()
}
