import type { BetterAuthOptions, BetterAuthPlugin } from '@better-auth/core'
import type { DBAdapterInstance } from '@better-auth/core/db/adapter'
import { addressSource } from './client-address.ts'
import { redactingLogger } from './log.ts'
import { mailSettings } from './mail/better-auth.ts'
import type { Mailer } from './mail/mailer.ts'
import type { ResolvedAuthOptions } from './options.ts'
import { accountSettings } from './social/linking.ts'

const signIn = { window: 60, max: 20 }
/** For what sends an e-mail to whoever the caller names. */
const sending = { window: 60, max: 5 }

interface Parts<Plugins extends BetterAuthPlugin[]> {
  database: DBAdapterInstance
  plugins: Plugins
  /** Whether several processes share the database, and so must share rate limits. */
  shared: boolean
  /** Writes the e-mails; absent, none are sent. */
  mailer?: Mailer | undefined
}

/** Our options as Better Auth's. Every protection it leaves to the environment is set here. */
export function betterAuthOptions<Plugins extends BetterAuthPlugin[]>(
  options: ResolvedAuthOptions,
  { database, plugins, shared, mailer }: Parts<Plugins>,
) {
  const { baseURL, secret } = options
  const { password, verification } = mailSettings(mailer)
  return {
    appName: options.appName,
    baseURL,
    basePath: '/api/auth',
    // As a list, so that no variable of the environment replaces the secret that was checked.
    secrets: [{ version: 1, value: secret }],
    secret,
    trustedOrigins: [...options.trustedOrigins],
    database,
    plugins,
    emailAndPassword: {
      enabled: true,
      minPasswordLength: 8,
      maxPasswordLength: 128,
      ...password,
    },
    ...(verification && { emailVerification: verification }),
    account: accountSettings(options.socialProviders),
    // Tokens of other providers are for code on this server: `auth.api.getAccessToken`.
    disabledPaths: ['/get-access-token', '/refresh-token'],
    session: { freshAge: 300, expiresIn: 7 * 86_400, updateAge: 86_400 },
    rateLimit: {
      enabled: options.rateLimit,
      storage: shared ? ('database' as const) : ('memory' as const),
      window: 10,
      max: 200,
      customRules: {
        '/sign-in/magic-link': sending,
        '/request-password-reset': sending,
        '/send-verification-email': sending,
        '/sign-in/*': signIn,
        '/sign-up/*': signIn,
        // Asked for on every page, and worth nothing without the cookie.
        '/get-session': false as const,
      },
    },
    telemetry: { enabled: false },
    logger: redactingLogger(options.logger),
    // Thrown to our handler, which logs without values and answers with an id.
    onAPIError: { throw: true },
    advanced: {
      // Better Auth else reads the first hundred rows and takes them for all there are.
      database: { defaultFindManyLimit: 10_000 },
      cookiePrefix: 'countersign',
      useSecureCookies: baseURL.startsWith('https:'),
      // Set, because Better Auth turns both checks off when NODE_ENV is `test`.
      disableOriginCheck: false,
      disableCSRFCheck: false,
      trustedProxyHeaders: false,
      ipAddress: addressSource(options),
    },
  } satisfies BetterAuthOptions
}
