import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigurationError } from './env.ts'

/**
 * Returns the secret of a development data directory, made on the first call.
 *
 * Two processes that start together get the same one: the file appears whole or not at all.
 */
export function developmentSecret(dataDir: string): string {
  const file = join(dataDir, 'secret')
  const existing = readSecret(file)
  if (existing) return existing
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
  try {
    linkSync(draft, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    rmSync(draft, { force: true })
  }
  const made = readSecret(file)
  if (!made) throw new ConfigurationError(`The file ${file} holds no secret: remove it.`)
  return made
}

function readSecret(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
