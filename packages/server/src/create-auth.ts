import type { BetterAuthOptions, BetterAuthPlugin } from '@better-auth/core'
import { betterAuth } from 'better-auth/minimal'
import { hashSecrets } from './adapter/hash-secrets.ts'
import { tellChanges } from './adapter/tell-changes.ts'
import type { Auth, TypedBetterAuth } from './auth.ts'
import { type AuthParts, closeParts, createParts, listenersOf } from './auth-parts.ts'
import { authServer } from './auth-server.ts'
import { betterAuthOptions } from './better-auth-options.ts'
import { connect } from './database/connect.ts'
import type { Connection } from './database/connection.ts'
import { ping } from './database/ping.ts'
import { prepareDatabase, waitForDatabase } from './database/prepare.ts'
import * as schema from './database/schema.ts'
import { defaultPlugins } from './default-plugins.ts'
import { drizzleAdapter } from './drizzle.ts'
import { frontDoor } from './front-door.ts'
import { createHandler } from './handler.ts'
import { magicLinks, withInvitations } from './mail/better-auth.ts'
import { mailGuard } from './mail/guard.ts'
import { resolveOptions } from './options.ts'
import type { AuthOptions, ResolvedAuthOptions } from './options.ts'
import { isPlainGetSession } from './sessions/get-session.ts'
import { sessionEnding } from './sessions/session-ending.ts'
import { socialSignIn } from './social/social.ts'

/**
 * Creates the authority: Better Auth with people, organizations and keys, and the Agent Auth server.
 *
 * It returns at once and opens the database meanwhile; `auth.$ready` tells how that went.
 */
export function createAuth<
  const Plugins extends BetterAuthPlugin[] = [],
  const Skip extends boolean = false,
>(options: AuthOptions<Plugins> & { skipDefaultPlugins?: Skip } = {}): Auth<Plugins, Skip> {
  const resolved = resolveOptions(options)
  const connection = resolved.database ? undefined : connect(resolved)
  try {
    return assemble<Plugins, Skip>(resolved, connection, options.plugins ?? [])
  } catch (error) {
    // Options of a plugin that cannot work: the data directory is given back.
    connection?.close().catch(() => {})
    throw error
  }
}

function assemble<Plugins extends BetterAuthPlugin[], Skip extends boolean>(
  resolved: ResolvedAuthOptions,
  connection: Connection | undefined,
  plugins: readonly BetterAuthPlugin[],
): Auth<Plugins, Skip> {
  const parts = createParts(resolved, connection)
  const { agents, provider, mailer } = parts
  const prepared = quiet(connection ? prepareDatabase(connection, resolved) : Promise.resolve())
  const adapter = resolved.database ?? adapterOf(connection)
  const auth = betterAuth<BetterAuthOptions>(
    betterAuthOptions(resolved, {
      database: hashSecrets(tellChanges(adapter, listenersOf(parts))),
      shared: connection?.dialect !== 'embedded',
      mailer,
      plugins: [waitForDatabase(prepared), ...ownPlugins(resolved, parts), ...plugins],
    }),
  )
  const askDatabase = () => ping(connection, auth.$context)
  const { staticTokens, telemetry } = resolved
  const server = quiet(
    auth.$context.then((context) =>
      authServer(context, { parts, ping: askDatabase, staticTokens }),
    ),
  )
  const handler = createHandler({
    server,
    agents,
    provider,
    answersGetSession: connection !== undefined && isPlainGetSession(plugins),
    handler: auth.handler,
  })
  return {
    // The plugins are only known to the types of the caller.
    ...(auth as unknown as TypedBetterAuth<Plugins, Skip>),
    ...frontDoor({ server, handler, provider, telemetry }),
    handler,
    $context: auth.$context,
    $ready: quiet(auth.$context.then(() => {})),
    $connection: connection,
    $ping: askDatabase,
    $close: async () => {
      await prepared.catch(() => {})
      await closeParts(parts)
      await connection?.close()
    },
  }
}

/** Our plugins, in the order in which Better Auth asks them. */
function ownPlugins(
  resolved: ResolvedAuthOptions,
  { agents, defaults, provider, mailer }: AuthParts,
): readonly BetterAuthPlugin[] {
  return [
    sessionEnding,
    mailGuard(),
    ...magicLinks(mailer),
    socialSignIn(resolved.socialProviders),
    ...(defaults ? defaultPlugins(withInvitations(resolved, mailer), defaults) : []),
    ...(agents ? [agents.plugin] : []),
    ...(provider ? [provider.plugin] : []),
  ]
}

function adapterOf(connection: Connection | undefined) {
  if (!connection) throw new TypeError('createAuth has neither a connection nor an adapter.')
  return drizzleAdapter(connection.db, { provider: 'pg', schema })
}

/** Whoever needs to know awaits it; a rejection that nobody awaits must not end the process. */
function quiet<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => {})
  return promise
}
