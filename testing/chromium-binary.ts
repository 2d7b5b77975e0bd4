import { execFile } from 'node:child_process'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createBrotliDecompress } from 'node:zlib'
import { cacheFolder } from './cache-folder.ts'

/** A Chromium and the environment it has to be started in. */
export interface ChromiumBinary {
  executablePath: string
  env: Record<string, string>
}

/**
 * Returns a Chromium that starts on a machine with nothing installed: `CHROMIUM_PATH` when it is
 * set, else the one of `@sparticuz/chromium`, unpacked once into node_modules/.cache.
 *
 * The package carries the shared libraries (NSS, expat) and a font; we point the loader and
 * fontconfig at them.
 */
export async function findChromium(): Promise<ChromiumBinary> {
  const configured = process.env['CHROMIUM_PATH']
  if (configured) return { executablePath: configured, env: {} }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('The packaged Chromium is for Linux on x64: set CHROMIUM_PATH to a Chromium.')
  }
  const home = await unpacked()
  return {
    executablePath: join(home, 'chromium'),
    env: {
      LD_LIBRARY_PATH: [join(home, 'lib'), process.env['LD_LIBRARY_PATH']]
        .filter(Boolean)
        .join(':'),
      FONTCONFIG_FILE: join(home, 'fonts.conf'),
    },
  }
}

async function unpacked(): Promise<string> {
  const archives = packagedArchives()
  const { version } = await readManifest(join(archives, '../package.json'))
  const cache = await cacheFolder()
  const home = join(cache, `chromium-${version}`)
  if (existsSync(home)) return home

  // Two runs may unpack at once: each into its own folder, the first rename wins.
  const draft = await mkdtemp(join(cache, 'unpacking-'))
  try {
    await unpackInto(draft, archives)
    await chmod(draft, 0o755)
    // The font list names the folder it will be renamed to.
    await writeFile(join(draft, 'fonts.conf'), fontConfiguration(home))
    await rename(draft, home)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    if (!existsSync(home)) throw error
  }
  return home
}

async function unpackInto(folder: string, archives: string): Promise<void> {
  const executable = join(folder, 'chromium')
  await Promise.all([
    inflate(join(archives, 'chromium.br'), executable).then(() => chmod(executable, 0o755)),
    untar(join(archives, 'al2023.tar.br'), folder),
    untar(join(archives, 'fonts.tar.br'), folder),
    untar(join(archives, 'swiftshader.tar.br'), folder),
  ])
}

async function untar(archive: string, folder: string): Promise<void> {
  const tar = join(folder, `${basename(archive)}.tar`)
  await inflate(archive, tar)
  await promisify(execFile)('tar', ['-xf', tar, '--no-same-owner', '-C', folder])
  await rm(tar)
}

async function inflate(source: string, target: string): Promise<void> {
  await pipeline(createReadStream(source), createBrotliDecompress(), createWriteStream(target))
}

function packagedArchives(): string {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  return join(dirname(entry), '../bin')
}

async function readManifest(path: string): Promise<{ version: string }> {
  return JSON.parse(await readFile(path, 'utf8'))
}

function fontConfiguration(home: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${home}/fonts</dir>
  <cachedir>${home}/font-cache</cachedir>
</fontconfig>
`
}
