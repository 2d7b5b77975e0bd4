import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, run } from './run.mjs'

/** Makes the checkout ready to use; takes milliseconds when it already is. */
export async function setup() {
  requireNode()
  await install(root)
}

/**
 * Installs exactly what a folder's lockfile says, unless that is what node_modules holds already.
 *
 * The stamp is the hash of the lockfile that was installed last.
 */
export async function install(folder) {
  const lockfile = readFileSync(join(folder, 'package-lock.json'), 'utf8')
  const hash = createHash('sha256').update(lockfile).digest('hex')
  const stamp = join(folder, 'node_modules/.countersign-lock')
  if (readIfPresent(stamp) === hash) return

  if (!holds(folder, JSON.parse(lockfile))) {
    console.log('Installing dependencies (npm ci) …')
    const code = await run(
      [...npm(), 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
      {
        cwd: folder,
        shell: process.platform === 'win32',
      },
    )
    if (code !== 0) {
      console.error('npm ci failed: see above.')
      process.exit(code)
    }
  }
  writeFileSync(stamp, hash)
}

/** Reports whether somebody ran `npm ci` or `npm install` for this lockfile by hand. */
function holds(folder, lockfile) {
  const installed = readIfPresent(join(folder, 'node_modules/.package-lock.json'))
  if (installed === undefined) return false
  const { packages } = JSON.parse(installed)
  return Object.entries(lockfile.packages).every(
    ([path, { version, optional, link }]) =>
      !path.includes('node_modules/') || optional || link || packages[path]?.version === version,
  )
}

function npm() {
  const cli = process.env['npm_execpath']
  return cli?.endsWith('.js') ? [process.execPath, cli] : ['npm']
}

function readIfPresent(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  console.error(`Countersign needs Node.js 20.19 or newer; this is ${process.versions.node}.`)
  process.exit(1)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await setup()
