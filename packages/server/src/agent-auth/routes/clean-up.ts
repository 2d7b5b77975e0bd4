import type { AuthContext } from '@better-auth/core'
import { createAuthEndpoint } from '@better-auth/core/api'
import { cleanUp as run } from '../cleanup.ts'
import type { AgentAuthContext } from '../context.ts'

/**
 * `auth.api.cleanUpAgents()`: cleans up now, for a scheduler where no process stays up. Code of the
 * server alone can call it; it has no URL.
 */
export function cleanUpAgents(contextOf: (auth: AuthContext) => AgentAuthContext) {
  return createAuthEndpoint.serverOnly({ method: 'POST' }, async ({ context }) =>
    run(contextOf(context), new Date()),
  )
}
