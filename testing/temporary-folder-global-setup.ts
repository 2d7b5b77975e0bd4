import { rmSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Gives the run a temporary folder of its own, and removes it at the end.
 *
 * Workers and what they start inherit `TMPDIR`, so whatever a test makes there goes with the run,
 * also when the test fails or its worker crashes.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const before = process.env['TMPDIR']
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  // PostgreSQL runs as somebody else when we are root, and has a folder in here.
  await chmod(folder, 0o711)
  process.env['TMPDIR'] = folder
  const options = { recursive: true, force: true, maxRetries: 5 } as const
  const removeNow = () => {
    try {
      rmSync(folder, options)
    } catch {
      // A folder that stays is no failure of a test.
    }
  }
  process.once('exit', removeNow)
  return async () => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
    // Once more at the exit: a process that ends late may still write.
    await rm(folder, options).catch(() => {})
  }
}
