import type { AuthContext } from '@better-auth/core'
import { createAuthEndpoint } from '@better-auth/core/api'
import type { ProviderContext } from './context.ts'
import type { LogoutOutbox } from './logout/outbox.ts'
import { sweepUnusedClients } from './store/clients.ts'
import { sweepExpired, sweepFamilies, sweptKinds } from './store/sweep.ts'

/** Seconds between two looks at what waits to be delivered, and between two sweeps. */
const OUTBOX_INTERVAL = 60
const SWEEP_INTERVAL = 600

/** How many rows of each model a sweep deleted, and how many clients were told of a logout. */
export type SweepReport = Readonly<Record<string, number>>

/** Deletes what expired (PG15). Safe to call at any time, by several processes at once. */
async function sweep({ store }: Pick<ProviderContext, 'store'>, now: Date): Promise<SweepReport> {
  const report: Record<string, number> = {}
  for (const kind of sweptKinds) report[kind.model] = await sweepExpired(store, kind, now)
  report['oauthGrant'] = await sweepFamilies(store, now)
  report['oauthClient'] = await sweepUnusedClients(store, now.getTime())
  return report
}

/**
 * Sweeps and delivers regularly until the returned function is called; it does not keep the process
 * alive.
 */
export function sweepRegularly(
  context: ProviderContext,
  outbox: LogoutOutbox,
): () => Promise<void> {
  let running: Promise<unknown> = Promise.resolve()
  const deliveries = setInterval(() => outbox.wake(), OUTBOX_INTERVAL * 1000)
  const sweeps = setInterval(() => {
    running = sweep(context, new Date()).catch((error: unknown) => {
      context.auth.logger.error('provider: what expired is not deleted', error)
    })
  }, SWEEP_INTERVAL * 1000)
  for (const timer of [deliveries, sweeps]) timer.unref?.()
  return async () => {
    clearInterval(deliveries)
    clearInterval(sweeps)
    await outbox.close()
    await running
  }
}

/**
 * `auth.api.cleanUpProvider()`: delivers and deletes what is due now, for a scheduler where no
 * process stays up. Code of the server alone can call it; it has no URL.
 */
export function cleanUpProvider(
  contextOf: (auth: AuthContext) => ProviderContext,
  outbox: () => LogoutOutbox,
) {
  return createAuthEndpoint.serverOnly({ method: 'POST' }, async ({ context }) => ({
    ...(await sweep(contextOf(context), new Date())),
    told: await outbox().deliver(),
  }))
}
