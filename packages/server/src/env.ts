import { parseConnectionString } from './database/postgres.ts'

/**
 * What the environment says: names that start with `COUNTERSIGN_`, `DATABASE_URL`, `NODE_ENV`, and
 * the names that users of Better Auth know: `BETTER_AUTH_SECRET`, `BETTER_AUTH_URL`,
 * `AUTH_TRUSTED_DOMAINS`.
 */
export interface Environment {
  readonly production: boolean
  readonly connectionString: string | undefined
  /** `undefined`: nobody named a directory. */
  readonly namedDataDir: string | undefined
  readonly dataDir: string
  /** Whether missing migrations are applied at start; `undefined`: nobody said. */
  readonly migrate: boolean | undefined
  readonly baseURL: string | undefined
  readonly secret: string | undefined
  /** Origins of `COUNTERSIGN_DOMAINS` and `AUTH_TRUSTED_DOMAINS`. */
  readonly trustedOrigins: readonly string[]
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
  const namedDataDir = value('COUNTERSIGN_DATA_DIR')
  return {
    production,
    connectionString,
    namedDataDir,
    dataDir: namedDataDir ?? '.countersign',
    migrate: parseSwitch(value('COUNTERSIGN_MIGRATE'), 'COUNTERSIGN_MIGRATE'),
    baseURL: firstOf(['COUNTERSIGN_BASE_URL', 'BETTER_AUTH_URL'], value, (text, name) =>
      parseBaseURL(text, { name, production }),
    ),
    secret: firstOf(['COUNTERSIGN_SECRET', 'BETTER_AUTH_SECRET'], value, (text, name) => {
      checkSecret(text, name)
      return text
    }),
    trustedOrigins: ['COUNTERSIGN_DOMAINS', 'AUTH_TRUSTED_DOMAINS'].flatMap((name) =>
      (value(name) ?? '')
        .split(',')
        .map((entry) => entry.trim())
        .filter(Boolean)
        .map((entry) =>
          parseTrustedOrigin(entry.includes('://') ? entry : `https://${entry}`, name),
        ),
    ),
  }
}

/** The first variable that is set, parsed under its own name. */
function firstOf(
  names: readonly string[],
  value: (name: string) => string | undefined,
  parse: (text: string, name: string) => string,
): string | undefined {
  for (const name of names) {
    const text = value(name)
    if (text !== undefined) return parse(text, name)
  }
  return undefined
}

/** What a switch says: `true` or `false`, or the words people write for them; `name` is where it stands. */
export function parseSwitch(value: string | undefined, name: string): boolean | undefined {
  if (value === undefined) return undefined
  if (/^(1|true|on|yes)$/i.test(value)) return true
  if (/^(0|false|off|no)$/i.test(value)) return false
  throw new ConfigurationError(`${name} must be \`true\` or \`false\`.`)
}

/** An exact origin. A prefix or a pattern would let strangers in. */
export function parseTrustedOrigin(value: string, name: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined
  const isExact = url?.origin === value.replace(/\/$/, '') && /^https?:\/\/[^*]+$/.test(value)
  if (url && isExact) return url.origin
  throw new ConfigurationError(`${name} must be origins such as https://app.example.com.`)
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
  const advice = 'make one with `openssl rand -hex 32`'
  if (secret.length < 32) {
    throw new ConfigurationError(`${name} must have at least 32 characters: ${advice}.`)
  }
  if (examples.test(secret) || new Set(secret).size < 9) {
    throw new ConfigurationError(`${name} is easy to guess: ${advice}.`)
  }
}
