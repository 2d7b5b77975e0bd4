import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const packages = ['protocol', 'server', 'react', 'client']

/**
 * Copies the example to a folder of its own, with our packages in it as npm installs them, and
 * returns its name beside the other examples. Links into the workspace would be read as sources.
 */
export async function installExample(): Promise<string> {
  await build()
  const folder = mkdtempSync(join(root, 'examples/.installed-'))
  const example = join(root, 'examples/nextjs-app')
  for (const file of ['src', 'package.json', 'next.config.ts', 'tsconfig.json']) {
    cpSync(join(example, file), join(folder, file), { recursive: true })
  }
  for (const name of packages) {
    const target = join(folder, 'node_modules/@countersign', name)
    mkdirSync(target, { recursive: true })
    for (const file of ['package.json', 'dist', 'src']) {
      cpSync(join(root, 'packages', name, file), join(target, file), { recursive: true })
    }
  }
  return basename(folder)
}

/** Brings `dist` up to date: nothing to do after `npm test` has built everything. */
function build(): Promise<void> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const folders = packages.map((name) => `packages/${name}`)
  return new Promise((resolve) => {
    // Whether everything compiles is for the type check to say.
    execFile(process.execPath, [tsc, '-b', ...folders], { cwd: root }, () => resolve())
  })
}

/** The addresses under which programs import our packages: every export that is a module. */
export function publicNames(): string[] {
  return packages.flatMap((name) => {
    const manifest = readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')
    const { exports } = JSON.parse(manifest) as { exports: Record<string, unknown> }
    return Object.keys(exports)
      .filter((path) => !/\.(css|json)$|^\.\/testing$/.test(path))
      .map((path) => `@countersign/${name}${path.slice(1)}`)
  })
}
