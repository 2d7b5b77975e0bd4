import { BlockList, isIP } from 'node:net'
import type { BetterAuthOptions, BetterAuthPlugin } from '@better-auth/core'
import type { DBAdapterInstance } from '@better-auth/core/db/adapter'
import type { AgentAuthOptions } from './agent-auth/options.ts'
import {
  checkConnectionString,
  checkSecret,
  ConfigurationError,
  developmentSecret,
  parseBaseURL,
  readEnvironment,
} from './env.ts'

/** What `createAuth` takes. Everything has a default that is safe to run. */
export interface AuthOptions<Plugins extends BetterAuthPlugin[] = []> {
  /** `postgres://` URL. @default `DATABASE_URL` of the environment */
  connectionString?: string | undefined
  /** A Better Auth adapter, instead of our own database. Its tables are yours to migrate. */
  database?: DBAdapterInstance | undefined
  /**
   * Directory of the embedded database and of the development secret, used without `connectionString`.
   *
   * @default `COUNTERSIGN_DATA_DIR` of the environment, else `.countersign`
   */
  dataDir?: string | undefined
  /**
   * Applies missing migrations at start. Without it a database that lacks one is refused.
   *
   * @default true, except for PostgreSQL when `NODE_ENV` is `production`
   */
  migrate?: boolean | undefined
  /**
   * The origin this server is reached at. It is the issuer; `Host` headers are never used.
   *
   * @default `COUNTERSIGN_BASE_URL` of the environment, else `http://localhost:4100`
   */
  baseURL?: string | undefined
  /**
   * Signs cookies and encrypts keys: at least 32 random characters.
   *
   * @default `COUNTERSIGN_SECRET` of the environment; in development one kept in `dataDir`
   */
  secret?: string | undefined
  /** What pages and passkeys call this server. @default `Countersign` */
  appName?: string | undefined
  /** Other origins whose pages may call this server with cookies. @default [] */
  trustedOrigins?: readonly string[] | undefined
  /**
   * A request header with the client's address, which your server sets from the socket after
   * removing what came from outside. Without it addresses are not known.
   */
  clientAddressHeader?: string | undefined
  /**
   * Addresses or CIDR ranges of reverse proxies. With it `X-Forwarded-For` is read from the right
   * up to the first address that is none of them.
   *
   * @default [], which ignores the header
   */
  trustProxy?: readonly string[] | undefined
  /** Slows down whoever calls too often. @default true */
  rateLimit?: boolean | undefined
  /** Leaves out passkeys, organizations, API keys and JWTs. @default false */
  skipDefaultPlugins?: boolean | undefined
  /** More Better Auth plugins. */
  plugins?: Plugins | undefined
  /** Lets agents use this API: see `agentAuth`. Absent, agents cannot register. */
  agentAuth?: AgentAuthOptions | undefined
  /** Where the log goes. Values of statements never do. @default standard error, warnings and errors only */
  logger?: BetterAuthOptions['logger'] | undefined
}

/** Options with every default filled in. */
export interface ResolvedAuthOptions {
  readonly database: DBAdapterInstance | undefined
  readonly connectionString: string | undefined
  readonly dataDir: string
  readonly migrate: boolean
  readonly baseURL: string
  readonly secret: string
  readonly appName: string
  readonly trustedOrigins: readonly string[]
  readonly clientAddressHeader: string | undefined
  readonly trustProxy: readonly string[]
  readonly rateLimit: boolean
  readonly skipDefaultPlugins: boolean
  readonly agentAuth: AgentAuthOptions | undefined
  readonly logger: BetterAuthOptions['logger']
}

/** Fills in defaults from the environment and refuses what cannot work, before anything is opened. */
export function resolveOptions<Plugins extends BetterAuthPlugin[]>(
  options: AuthOptions<Plugins>,
  source: Readonly<Record<string, string | undefined>> = process.env,
): ResolvedAuthOptions {
  const env = readEnvironment(source)
  const { connectionString, dataDir } = resolveDatabase(options, env)
  const production = env.production
  return {
    database: options.database,
    connectionString,
    dataDir,
    migrate: options.migrate ?? (!production || connectionString === undefined),
    baseURL: options.baseURL
      ? parseBaseURL(options.baseURL, { name: 'baseURL', production })
      : (env.baseURL ?? 'http://localhost:4100'),
    secret: resolveSecret(options.secret, { ...env, dataDir }),
    appName: options.appName ?? 'Countersign',
    trustedOrigins: (options.trustedOrigins ?? []).map(parseTrustedOrigin),
    clientAddressHeader: resolveHeader(options.clientAddressHeader),
    trustProxy: (options.trustProxy ?? []).map(parseProxy),
    rateLimit: options.rateLimit ?? true,
    skipDefaultPlugins: options.skipDefaultPlugins ?? false,
    agentAuth: options.agentAuth,
    logger: options.logger ?? { level: 'warn' },
  }
}

/** Addresses of proxies, checked, as a list that answers whether an address is one of them. */
export function proxyList(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries.map(parseProxy)) {
    const [address = '', prefix] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}

interface EnvironmentDatabase {
  readonly connectionString: string | undefined
  readonly dataDir: string
}

function resolveDatabase(
  options: Pick<AuthOptions, 'connectionString' | 'database' | 'dataDir'>,
  env: EnvironmentDatabase,
): EnvironmentDatabase {
  if (options.database && options.connectionString) {
    throw new ConfigurationError('Give either `connectionString` or `database`, not both.')
  }
  if (options.database !== undefined && typeof options.database !== 'function') {
    throw new ConfigurationError(
      '`database` must be a Better Auth adapter, such as drizzleAdapter(db, …).',
    )
  }
  if (options.connectionString !== undefined) {
    checkConnectionString(options.connectionString, 'connectionString')
  }
  const dataDir = options.dataDir ?? env.dataDir
  if (options.database) return { connectionString: undefined, dataDir }
  // A directory named in code means the embedded database, whatever the environment says.
  const connectionString =
    options.connectionString ?? (options.dataDir === undefined ? env.connectionString : undefined)
  return { connectionString, dataDir }
}

function resolveSecret(
  given: string | undefined,
  env: { secret: string | undefined; production: boolean; dataDir: string },
): string {
  if (given !== undefined) checkSecret(given, 'secret')
  const secret = given ?? env.secret
  if (secret) return secret
  if (env.production) {
    throw new ConfigurationError(
      'COUNTERSIGN_SECRET is required in production: make one with `openssl rand -base64 32`.',
    )
  }
  return developmentSecret(env.dataDir)
}

function parseTrustedOrigin(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined
  // An exact origin. A prefix or a pattern would let strangers in.
  const exact = url?.origin === value.replace(/\/$/, '') && /^https?:\/\/[^*]+$/.test(value)
  if (!url || !exact) {
    throw new ConfigurationError(
      '`trustedOrigins` must be origins such as https://app.example.com.',
    )
  }
  return url.origin
}

function resolveHeader(name: string | undefined): string | undefined {
  if (name === undefined) return undefined
  if (!/^[a-z0-9-]+$/i.test(name) || /^(x-)?(forwarded|real)/i.test(name)) {
    throw new ConfigurationError(
      '`clientAddressHeader` must be a header only your server sets, not a forwarded one; for those use `trustProxy`.',
    )
  }
  return name.toLowerCase()
}

function parseProxy(entry: string): string {
  const [address = '', prefix, rest] = entry.split('/')
  const family = isIP(address)
  const bits = prefix === undefined ? 0 : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (family === 0 || rest !== undefined || !(bits <= (family === 6 ? 128 : 32))) {
    throw new ConfigurationError(
      '`trustProxy` must be addresses or CIDR ranges such as 10.0.0.0/8.',
    )
  }
  return entry
}
