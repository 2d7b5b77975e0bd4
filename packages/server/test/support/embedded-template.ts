import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { cacheFolder } from '../../../../testing/cache-folder.ts'

const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> }

/**
 * Puts an empty embedded database into a data directory.
 *
 * Copied from one that is made once for each version of PGlite: making it takes seconds.
 */
export async function placeEmptyDatabase(dataDir: string): Promise<void> {
  const template = join(await cacheFolder(), `pglite-${dependencies['@electric-sql/pglite']}`)
  if (!existsSync(template)) await makeTemplate(template)
  cpSync(template, join(dataDir, 'database'), { recursive: true })
}

async function makeTemplate(template: string): Promise<void> {
  const draft = mkdtempSync(`${template}-`)
  const client = new PGlite(draft)
  await client.waitReady
  await client.close()
  try {
    renameSync(draft, template)
  } catch {
    // Another worker was first.
    rmSync(draft, { recursive: true, force: true })
  }
}
