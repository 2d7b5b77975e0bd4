import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A folder for what is made once and serves every run; other processes may write in it, too. */
export async function cacheFolder(): Promise<string> {
  const cache = fileURLToPath(new URL('../node_modules/.cache/countersign', import.meta.url))
  try {
    await mkdir(cache, { recursive: true })
    return cache
  } catch {
    // A read-only checkout: a private folder per process is slower, and shared with nobody.
    return mkdtemp(join(tmpdir(), 'countersign-cache-'))
  }
}
