import { type AgentGuardOptions, createAgentGuard } from '../src/index.ts'
import { connected } from '../../server/test/support/actors.ts'
import { bank, capabilities, FILES, INTROSPECTION_SECRET } from '../../server/test/support/bank.ts'
import { ISSUER } from '../../server/test/support/http.ts'
import type { World, WorldKind } from '../../server/test/support/worlds.ts'

/** A running authority, the service it knows as `FILES`, and the wire between them, which can break. */
export interface Authority {
  readonly world: World
  /** Requests that reached the authority. */
  readonly requests: string[]
  /** Answers in the place of the authority; `null`: it answers itself. */
  instead: (() => Response | Promise<Response>) | null
  guard(more?: Partial<AgentGuardOptions>): ReturnType<typeof createAgentGuard>
  /** An agent that a person let do something. */
  connect(
    capabilities: readonly unknown[],
    decision?: Record<string, unknown>,
  ): ReturnType<typeof connected>
  close(): Promise<void>
}

/** Opens an authority with capabilities that are executed at `FILES`, and others elsewhere. */
export async function openAuthority(
  { open }: WorldKind,
  more: Parameters<typeof bank>[0] = {},
): Promise<Authority> {
  const world = await open(
    bank({
      capabilities: [
        ...capabilities,
        {
          name: 'write_file',
          description: 'Writes a file at another service.',
          location: FILES,
          input: {
            type: 'object',
            properties: { path: { type: 'string' }, bytes: { type: 'number' } },
            required: ['path', 'bytes'],
          },
        },
        { name: 'delete_file', description: 'Deletes a file.', location: FILES },
        { name: 'sign_file', description: 'Signs a file.', location: FILES, dpop: true },
        { name: 'send_mail', description: 'Sends.', location: 'https://mail.example/execute' },
      ],
      ...more,
    }),
  )
  const requests: string[] = []
  const authority: Authority = {
    world,
    requests,
    instead: null,
    guard: (options) =>
      createAgentGuard({
        issuer: ISSUER,
        location: FILES,
        introspection: { secret: INTROSPECTION_SECRET },
        fetch: async (input, init) => {
          const request = new Request(input, init)
          requests.push(new URL(request.url).pathname)
          return authority.instead ? authority.instead() : world.handler(request)
        },
        ...options,
      }),
    connect: (wanted, decision) => connected(world, wanted, decision),
    close: () => world.close(),
  }
  return authority
}
