import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseConnectionString } from './database/postgres.ts'

/** What the environment says. Only names that start with `COUNTERSIGN_`, `DATABASE_URL` and `NODE_ENV` are read. */
export interface Environment {
  readonly production: boolean
  readonly connectionString: string | undefined
  readonly dataDir: string
  readonly baseURL: string | undefined
  readonly secret: string | undefined
}

/** A value somebody configured does not work. The message is one sentence for the person who set it. */
export class ConfigurationError extends TypeError {
  override readonly name = 'ConfigurationError'
}

/** Reads and checks the environment once. An empty variable counts as absent. */
export function readEnvironment(source: Readonly<Record<string, string | undefined>>): Environment {
  const value = (name: string) => source[name]?.trim() || undefined
  const production = value('NODE_ENV') === 'production'
  const connectionString = value('DATABASE_URL')
  if (connectionString) checkConnectionString(connectionString, 'DATABASE_URL')
  const baseURL = value('COUNTERSIGN_BASE_URL')
  const secret = value('COUNTERSIGN_SECRET')
  if (secret) checkSecret(secret, 'COUNTERSIGN_SECRET')
  return {
    production,
    connectionString,
    dataDir: value('COUNTERSIGN_DATA_DIR') ?? '.countersign',
    baseURL: baseURL && parseBaseURL(baseURL, { name: 'COUNTERSIGN_BASE_URL', production }),
    secret,
  }
}

/** Refuses what is not a PostgreSQL URL, naming where it was set and never repeating it. */
export function checkConnectionString(value: string, name: string): void {
  try {
    parseConnectionString(value)
  } catch (cause) {
    throw new ConfigurationError(
      `${name} must look like postgres://user:password@host:5432/name.`,
      { cause },
    )
  }
}

/** Returns the origin of a base URL: http only on this machine or in development, and no path. */
export function parseBaseURL(
  value: string,
  { name, production }: { name: string; production: boolean },
): string {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new ConfigurationError(`${name} must be a URL such as https://id.example.com.`)
  }
  if (url.pathname !== '/' || url.search || url.hash || url.username || url.password) {
    throw new ConfigurationError(
      `${name} must be an origin such as https://id.example.com, without path, query or user.`,
    )
  }
  if (production && url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new ConfigurationError(`${name} must start with https:// in production.`)
  }
  return url.origin
}

/** Whether a host name means this machine. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  )
}

const examples =
  /change.?me|your.?secret|my.?secret|default|example|placeholder|better-auth-secret|^countersign/i

/** Refuses a secret that is short, from an example, or hardly random. It signs every cookie. */
export function checkSecret(secret: string, name: string): void {
  const advice = 'make one with `openssl rand -base64 32`'
  if (secret.length < 32) {
    throw new ConfigurationError(`${name} must have at least 32 characters: ${advice}.`)
  }
  if (examples.test(secret) || new Set(secret).size < 9) {
    throw new ConfigurationError(`${name} is easy to guess: ${advice}.`)
  }
}

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
