import type { FrontDoor } from './auth.ts'
import { authenticate } from './authenticate/authenticate.ts'
import type { AuthServer } from './authenticate/server.ts'
import { ConfigurationError } from './env.ts'
import { explainFailure, unavailable } from './explain-failure.ts'
import type { ResolvedAuthOptions } from './options.ts'
import { organizationOf } from './organizations/context.ts'
import type { ProviderContext } from './provider/context.ts'
import { verifyAccessToken } from './provider/tokens/verify-access-token.ts'
import { renewSession } from './sessions/renew-session.ts'
import { observeAuthentication } from './telemetry/observe-authentication.ts'

interface Parts {
  readonly server: Promise<AuthServer>
  readonly handler: (request: Request) => Promise<Response>
  /** The provider; absent when this server is none. */
  readonly provider: { contextOf(context: AuthServer['context']): ProviderContext } | undefined
  readonly telemetry: ResolvedAuthOptions['telemetry']
}

/** The questions to an instance: each waits for the start, and one that failed is a 503. */
export function frontDoor({ server, handler, provider, telemetry }: Parts): FrontDoor {
  const started = () =>
    server.catch((cause: unknown) => {
      throw unavailable(cause)
    })
  return {
    authenticate: (request) =>
      observeAuthentication(async () => authenticate(await started(), request), telemetry),
    async verifyAccessToken(token, needs) {
      if (!provider) throw new ConfigurationError('`verifyAccessToken` needs `provider`.')
      const current = await started()
      try {
        return await verifyAccessToken(provider.contextOf(current.context), token, needs)
      } catch (error) {
        throw await explainFailure(error, current)
      }
    },
    async renewSession(request, principal) {
      return renewSession(await started(), { request, principal }, handler)
    },
    async organizationOf(caller, query) {
      return organizationOf(await started(), caller, query)
    },
  }
}
