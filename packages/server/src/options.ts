import type { BetterAuthOptions, BetterAuthPlugin } from '@better-auth/core'
import type { DBAdapterInstance } from '@better-auth/core/db/adapter'
import type { AgentAuthOptions } from './agent-auth/options.ts'
import { resolveApiKeyOptions } from './api-keys/options.ts'
import type { ApiKeyOptions, ResolvedApiKeyOptions } from './api-keys/options.ts'
import { checkStaticTokens, type StaticToken } from './authenticate/static-token.ts'
import { parseAddressHeader, parseProxy } from './client-address.ts'
import { developmentSecret } from './development-secret.ts'
import {
  checkConnectionString,
  checkSecret,
  ConfigurationError,
  type Environment,
  parseBaseURL,
  parseTrustedOrigin,
  readEnvironment,
} from './env.ts'
import { resolveOrganizationOptions } from './organizations/options.ts'
import type { OrganizationOptions, ResolvedOrganizationOptions } from './organizations/options.ts'
import { resolveMail } from './mail/options.ts'
import type { MailOptions, ResolvedMailOptions } from './mail/options.ts'
import { resolveTokenOptions } from './signing-keys/options.ts'
import type { ResolvedTokenOptions, TokenOptions } from './signing-keys/options.ts'
import type { ProviderOptions } from './provider/options.ts'
import { resolveProviders } from './social/options.ts'
import type { ResolvedProvider, SocialProviders } from './social/options.ts'
import type { TelemetryOptions } from './telemetry/options.ts'

/** What `createAuth` takes. Everything has a default that is safe to run. */
export interface AuthOptions<Plugins extends BetterAuthPlugin[] = []> {
  /** `postgres://` URL. @default `DATABASE_URL` of the environment */
  connectionString?: string | undefined
  /** Connections to PostgreSQL that this process keeps at most, beside one to listen on. @default 10 */
  poolSize?: number | undefined
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
   * @default `COUNTERSIGN_MIGRATE` of the environment, else true, except for PostgreSQL when
   * `NODE_ENV` is `production`
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
  /** Tokens for programs that cannot have an API key, known by their SHA-256. @default [] */
  staticTokens?: readonly StaticToken[] | undefined
  /** What people may let API keys reach, and what keys look like. */
  apiKeys?: ApiKeyOptions | undefined
  /** What roles may do in an organization, and how people are invited. */
  organizations?: OrganizationOptions | undefined
  /** How our own JWTs are made and accepted, and how their keys rotate. */
  tokens?: TokenOptions | undefined
  /** How e-mails are sent. Absent, none are: addresses stay unverified and passwords stay lost. */
  mail?: MailOptions | undefined
  /** Other providers that people may sign in with, by id. @default {} */
  socialProviders?: SocialProviders | undefined
  /** More Better Auth plugins. */
  plugins?: Plugins | undefined
  /** Lets agents use this API: see `agentAuth`. Absent, agents cannot register. */
  agentAuth?: AgentAuthOptions | undefined
  /** Makes this server an OAuth 2.1 and OpenID Connect provider. Absent, it is none. */
  provider?: ProviderOptions | undefined
  /** What OpenTelemetry spans say about people, where an SDK is registered. */
  telemetry?: TelemetryOptions | undefined
  /** Where the log goes. Values of statements never do. @default standard error, warnings and errors only */
  logger?: BetterAuthOptions['logger'] | undefined
}

/** Options with every default filled in. */
export interface ResolvedAuthOptions {
  readonly database: DBAdapterInstance | undefined
  readonly connectionString: string | undefined
  readonly dataDir: string
  readonly migrate: boolean
  readonly poolSize: number
  readonly baseURL: string
  readonly secret: string
  readonly appName: string
  readonly trustedOrigins: readonly string[]
  readonly clientAddressHeader: string | undefined
  readonly trustProxy: readonly string[]
  readonly rateLimit: boolean
  readonly skipDefaultPlugins: boolean
  readonly staticTokens: readonly StaticToken[]
  readonly apiKeys: ResolvedApiKeyOptions
  readonly organizations: ResolvedOrganizationOptions
  readonly tokens: ResolvedTokenOptions
  readonly mail: ResolvedMailOptions | undefined
  readonly socialProviders: readonly ResolvedProvider[]
  readonly agentAuth: AgentAuthOptions | undefined
  readonly provider: ProviderOptions | undefined
  readonly telemetry: TelemetryOptions
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
  if (options.provider && options.skipDefaultPlugins) {
    throw new ConfigurationError(
      '`provider` needs the default plugins: leave out `skipDefaultPlugins`, or use the plugin `provider()`.',
    )
  }
  return {
    database: options.database,
    connectionString,
    dataDir,
    migrate: options.migrate ?? env.migrate ?? (!production || connectionString === undefined),
    poolSize: parsePoolSize(options.poolSize ?? 10),
    baseURL: options.baseURL
      ? parseBaseURL(options.baseURL, { name: 'baseURL', production })
      : (env.baseURL ?? 'http://localhost:4100'),
    secret: resolveSecret(options.secret, { ...env, dataDir }),
    appName: options.appName ?? 'Countersign',
    trustedOrigins: options.trustedOrigins
      ? options.trustedOrigins.map((origin) => parseTrustedOrigin(origin, '`trustedOrigins`'))
      : env.trustedOrigins,
    clientAddressHeader: parseAddressHeader(options.clientAddressHeader),
    trustProxy: (options.trustProxy ?? []).map(parseProxy),
    rateLimit: options.rateLimit ?? true,
    skipDefaultPlugins: options.skipDefaultPlugins ?? false,
    staticTokens: checkStaticTokens(options.staticTokens ?? []),
    apiKeys: resolveApiKeyOptions(options.apiKeys),
    organizations: resolveOrganizationOptions(options.organizations),
    tokens: resolveTokenOptions(options.tokens),
    mail: resolveMail(options.mail),
    socialProviders: resolveProviders(options.socialProviders),
    agentAuth: options.agentAuth,
    provider: options.provider,
    telemetry: options.telemetry ?? {},
    logger: options.logger ?? { level: 'warn' },
  }
}

interface ChosenDatabase {
  readonly connectionString: string | undefined
  readonly dataDir: string
}

function resolveDatabase(
  options: Pick<AuthOptions, 'connectionString' | 'database' | 'dataDir'>,
  env: Environment,
): ChosenDatabase {
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
  if (env.production && !connectionString && !options.dataDir && !env.namedDataDir) {
    throw new ConfigurationError(
      'DATABASE_URL is required in production: a PostgreSQL such as postgres://user:password@host:5432/name. For the embedded database name its folder in COUNTERSIGN_DATA_DIR.',
    )
  }
  return { connectionString, dataDir }
}

function parsePoolSize(size: number): number {
  if (Number.isInteger(size) && size > 0) return size
  throw new ConfigurationError('`poolSize` must be a number of connections, 1 or more.')
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
      'COUNTERSIGN_SECRET is required in production: make one with `openssl rand -hex 32`.',
    )
  }
  return developmentSecret(env.dataDir)
}
