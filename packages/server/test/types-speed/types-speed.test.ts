import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const folder = fileURLToPath(new URL('.', import.meta.url))
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')

// As installed: the built types, in a project that knows nothing of our sources. To see what it
// costs, run `tsc -p` on this folder with `--extendedDiagnostics`.
it(
  'an app with two more plugins type-checks against the built types',
  { timeout: 120_000 },
  async () => {
    const answer = await promisify(execFile)(process.execPath, [compiler, '-p', folder]).then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    )
    expect(answer).toBe('')
  },
)
