import { accessSync, constants, mkdirSync } from 'node:fs'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import {
  ConfigurationError,
  isLoopback,
  parseSwitch,
  proxyList,
  readEnvironment,
} from '@countersign/server'
import type { Environment, SmtpOptions } from '@countersign/server'
import { parseMail } from './mail-settings.ts'

/** What the server is started with: the environment, read and checked once. */
export interface Settings extends Environment {
  readonly port: number
  /** Address to listen on; undefined means every address of this machine. */
  readonly host: string | undefined
  readonly baseURL: string
  /** Whether the demo bank runs beside the server. */
  readonly demo: boolean
  /** Whether any client may register itself (RFC 7591). */
  readonly dynamicRegistration: boolean
  readonly firstEmail: string
  /** Addresses of reverse proxies that may say who the client is. */
  readonly trustedProxies: readonly string[]
  /** Where people’s requests are announced, for mail or push; undefined announces them nowhere. */
  readonly notify: NotifySettings | undefined
  /** The mail server; undefined sends no e-mail, and in development keeps them in an inbox. */
  readonly mail: SmtpOptions | undefined
}

/** The operator’s own program that tells people of requests. */
export interface NotifySettings {
  readonly url: string
  readonly secret: string
}

/** Reads the settings. A wrong value throws a `ConfigurationError` of one sentence. */
export function readSettings(source: Readonly<Record<string, string | undefined>>): Settings {
  const value = (name: string) => source[name]?.trim() || undefined
  const switched = (name: string) => parseSwitch(value(name), name)
  const environment = readEnvironment(source)
  const { production } = environment
  const port = parsePort(value('PORT') ?? '4100')
  const settings = {
    ...environment,
    dataDir: resolve(environment.dataDir),
    port,
    host: parseHost(value('COUNTERSIGN_HOST')) ?? (production ? undefined : '127.0.0.1'),
    baseURL: environment.baseURL ?? `http://localhost:${port}`,
    demo: switched('COUNTERSIGN_DEMO') ?? !production,
    dynamicRegistration: switched('COUNTERSIGN_DYNAMIC_REGISTRATION') ?? false,
    firstEmail: parseEmail(value('COUNTERSIGN_FIRST_EMAIL') ?? 'owner@countersign.local'),
    trustedProxies: parseProxies(value('COUNTERSIGN_TRUSTED_PROXIES')),
    notify: parseNotify(value('COUNTERSIGN_NOTIFY_URL'), value('COUNTERSIGN_NOTIFY_SECRET')),
    mail: parseMail(
      value('COUNTERSIGN_SMTP_URL'),
      value('COUNTERSIGN_MAIL_FROM'),
      switched('COUNTERSIGN_SMTP_PLAINTEXT'),
    ),
  }
  if (production && !settings.secret) {
    throw new ConfigurationError(
      'COUNTERSIGN_SECRET is required in production: make one with `openssl rand -hex 32`.',
    )
  }
  if (!settings.connectionString || !settings.secret || settings.demo) {
    checkDataDirectory(settings.dataDir)
  }
  return settings
}

function parsePort(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : 0
  if (port < 1 || port > 65_535) {
    throw new ConfigurationError('PORT must be a number from 1 to 65535.')
  }
  return port
}

function parseHost(value: string | undefined): string | undefined {
  if (value === undefined || value === 'localhost' || isIP(value) !== 0) return value
  throw new ConfigurationError('COUNTERSIGN_HOST must be an IP address of this machine.')
}

function parseEmail(value: string): string {
  if (/^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/.test(value)) return value.toLowerCase()
  throw new ConfigurationError('COUNTERSIGN_FIRST_EMAIL must be an e-mail address.')
}

function parseProxies(value: string | undefined): readonly string[] {
  const entries = (value ?? '').split(',').map((entry) => entry.trim())
  const proxies = entries.filter((entry) => entry !== '')
  try {
    proxyList(proxies)
  } catch (cause) {
    const message =
      'COUNTERSIGN_TRUSTED_PROXIES must be addresses or CIDR ranges such as 10.0.0.0/8, separated by commas.'
    throw new ConfigurationError(message, { cause })
  }
  return proxies
}

function parseNotify(
  url: string | undefined,
  secret: string | undefined,
): NotifySettings | undefined {
  if (url === undefined && secret === undefined) return undefined
  if (url === undefined || secret === undefined || secret.length < 32) {
    throw new ConfigurationError(
      'COUNTERSIGN_NOTIFY_URL and COUNTERSIGN_NOTIFY_SECRET go together, and the secret has 32 characters or more.',
    )
  }
  const target = URL.canParse(url) ? new URL(url) : undefined
  const local = target?.protocol === 'http:' && isLoopback(target.hostname)
  if (target?.protocol === 'https:' || local) return { url, secret }
  throw new ConfigurationError('COUNTERSIGN_NOTIFY_URL must be an https URL.')
}

function checkDataDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    accessSync(directory, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new ConfigurationError(
      `COUNTERSIGN_DATA_DIR must be a directory this user can write to, and ${directory} is not.`,
      { cause },
    )
  }
}
