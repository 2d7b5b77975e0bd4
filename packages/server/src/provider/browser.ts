import type { AuthContext, BetterAuthOptions } from '@better-auth/core'
import { ConfigurationError } from '../env.ts'
import type { ProviderContext } from './context.ts'
import { createEngine } from './engine.ts'
import { afterSignIn, authorizeEndpoint } from './guard/authorize.ts'
import { everyFactor } from './guard/every-factor.ts'
import { oneQuery } from './guard/one-query.ts'
import { continueInteraction } from './interaction/continue.ts'
import { decideInteraction } from './interaction/decide.ts'
import { activeOrganization, showInteraction } from './interaction/show.ts'
import { confirmEndSession, endSession } from './logout/end-session.ts'
import { LogoutOutbox } from './logout/outbox.ts'
import { queueBeforeEnd, rememberMethods } from './logout/session-hooks.ts'
import type { ResolvedProviderOptions } from './options.ts'
import { cleanUpProvider, sweepRegularly } from './sweeper.ts'

type SessionHooks = NonNullable<BetterAuthOptions['databaseHooks']>['session']

interface Running {
  readonly context: ProviderContext
  readonly outbox: LogoutOutbox
  readonly stop: () => Promise<void>
}

/**
 * What the provider does for browsers: the engine behind our guard, the endpoints of the pages, and
 * what happens at a sign-in and at a sign-out.
 */
export function browserParts(
  options: ResolvedProviderOptions,
  contextOf: (auth: AuthContext) => ProviderContext,
) {
  let running: Running | undefined
  const started = (): Running => {
    if (!running) throw new Error('The server has not started.')
    return running
  }
  const engine = createEngine(options, {
    resolveDocument: async (auth, clientId) =>
      (await contextOf(auth).clients.find(clientId)) !== null,
    organizationOf: ({ userId, activeOrganizationId }) =>
      activeOrganization(started().context.store, {
        user: { id: userId },
        session: { activeOrganizationId },
      }),
  })
  const current = () => engine
  return {
    engine,
    async start(auth: AuthContext): Promise<void> {
      requireOrder(auth)
      const context = contextOf(auth)
      const outbox = new LogoutOutbox(context)
      running = { context, outbox, stop: sweepRegularly(context, outbox) }
      // Its hooks for logout are left out: ours also tell who holds only a JWT, and try again.
      await engine.init(auth)
    },
    async close(): Promise<void> {
      await running?.stop()
    },
    hooks: {
      before: [oneQuery, ...engine.hooks.before, everyFactor],
      after: [afterSignIn(current, contextOf)],
    },
    sessionHooks: {
      create: {
        before: async (
          session: Readonly<Record<string, unknown>>,
          place: { path?: string | undefined } | null,
        ) => rememberMethods(session, place?.path),
      },
      delete: {
        before: (session: { id: string; userId: string; expiresAt: Date }) =>
          queueBeforeEnd(started().context, session),
        after: async () => {
          started().outbox.wake()
        },
      },
    } satisfies SessionHooks,
    endpoints: {
      oauth2Authorize: authorizeEndpoint(current, contextOf),
      oauth2EndSession: endSession(contextOf),
      oauth2EndSessionConfirmation: confirmEndSession(contextOf),
      showInteraction: showInteraction(contextOf),
      decideInteraction: decideInteraction(current)(contextOf),
      continueInteraction: continueInteraction(current)(contextOf),
      cleanUpProvider: cleanUpProvider(contextOf, () => started().outbox),
    },
  }
}

/**
 * After a password the second factor has to stop the sign-in before anything goes on with it
 * (GHSA-xg6x-h9c9-2m83): its hook must run before ours.
 */
function requireOrder({ options }: AuthContext): void {
  const ids = (options.plugins ?? []).map(({ id }) => id)
  if (ids.indexOf('two-factor') > ids.indexOf('oauth-provider')) {
    throw new ConfigurationError('Put provider() after twoFactor() in `plugins`.')
  }
}
