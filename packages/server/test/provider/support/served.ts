import { ISSUER } from '../../support/http.ts'
import { serveWorld } from '../../support/serve.ts'
import { openEmbedded, openPostgres, type ProviderWorld, type WorldOptions } from './world.ts'

/** A provider behind a real HTTP listener, whose issuer is the origin of that listener. */
export interface ServedProvider extends ProviderWorld {
  readonly issuer: string
}

/** The databases a server in production has. */
export const servedWorlds = [
  { name: 'on the embedded database', open: openEmbedded },
  { name: 'on PostgreSQL', open: (options?: WorldOptions) => openPostgres(options) },
] as const

/**
 * Opens a provider that strangers reach over HTTP.
 *
 * Its `handler` sends requests there as well, so that browsers of these tests, which know the usual
 * issuer alone, come to the same place.
 */
export async function openServed(
  open: (options: WorldOptions) => Promise<ProviderWorld>,
  options: WorldOptions = {},
): Promise<ServedProvider> {
  const opened: ProviderWorld[] = []
  const server = await serveWorld(() => {
    const [world] = opened
    if (!world) throw new Error('asked before it was open')
    return world
  })
  const { origin: issuer } = new URL(server.base)
  const world = await open({ ...options, auth: { ...options.auth, baseURL: issuer } })
  opened.push(world)
  return {
    ...world,
    issuer,
    handler: (request) => send(request, issuer),
    close: async () => {
      await world.close()
      await server.close()
    },
  }
}

function send(request: Request, issuer: string): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const headers = new Headers(request.headers)
  if (headers.get('origin') === ISSUER) headers.set('origin', issuer)
  return fetch(`${issuer}${pathname}${search}`, {
    method: request.method,
    headers,
    redirect: 'manual',
    ...(request.body && { body: request.body, duplex: 'half' as const }),
  })
}
