import * as z from 'zod'
import { parseScope } from '../scopes.ts'
import { isMemberOf } from '../store/people.ts'
import type { ProviderStore } from '../store/store.ts'
import { browserRoute } from './browser-route.ts'
import { describeInteraction } from './describe.ts'
import { openConsentRequest } from './signed-request.ts'
import { makeTicket } from './ticket.ts'

/** `GET /oidc/interaction`: what a consent page shows, with the ticket for one decision. */
export const showInteraction = browserRoute({
  method: 'GET',
  path: '/oidc/interaction',
  input: z.undefined(),
  handle: async ({ context, person, search, now }) => {
    const { session, user } = person
    const sessionId = session.id
    const { client, checked } = await openConsentRequest(context, search, { sessionId, now })
    const shown = await describeInteraction(context, {
      client,
      redirectUri: String(checked['redirect_uri']),
      user,
      organizationId: await activeOrganization(context.store, person),
      scopes: parseScope(String(checked['scope'])),
      resources: [checked['resource'] ?? []].flat(),
      claims: claimNames(checked['claims']),
    })
    const ticket = await makeTicket(context, { sessionId, about: search })
    return { kind: 'authorization', ticket, ...shown }
  },
})

/** The organization that a session works in, if the person still belongs to it. */
export async function activeOrganization(
  store: ProviderStore,
  { user, session }: { user: { id: string }; session: object },
): Promise<string | null> {
  const id = 'activeOrganizationId' in session ? session.activeOrganizationId : null
  if (typeof id !== 'string' || !store.hasOrganizations) return null
  return (await isMemberOf(store, user.id, id)) ? id : null
}

const claimsForm = z.object({ userinfo: z.record(z.string(), z.unknown()).nullish() })

/** The names of the claims that a request asks for one by one. */
export function claimNames(claims: unknown): string[] {
  if (typeof claims !== 'string') return []
  const { data } = claimsForm.safeParse(JSON.parse(claims))
  return Object.keys(data?.userinfo ?? {})
}
