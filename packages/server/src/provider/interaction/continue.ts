import { ProtocolError } from '@countersign/protocol'
import * as z from 'zod'
import type { Engine } from '../engine.ts'
import { goOn } from '../guard/go-on.ts'
import { browserRoute } from './browser-route.ts'
import { openRequest } from './signed-request.ts'

const answer = z
  .object({
    oauth_query: z.string().max(32_768),
    /** The person chose the account that is signed in. */
    selected: z.literal(true).optional(),
    /** The person made an account, and is signed in with it. */
    created: z.literal(true).optional(),
  })
  .refine(({ selected, created }) => selected ?? created, 'Say what was done.')

/** `POST /oidc/interaction/continue`: goes on after the account was chosen or made. */
export function continueInteraction(engine: () => Engine) {
  return browserRoute({
    method: 'POST',
    path: '/oidc/interaction/continue',
    input: answer,
    handle: async ({ ctx, context, person, input, now }) => {
      const { query, issuedAt } = await openRequest(context, input.oauth_query, now)
      const isFresh = new Date(person.session.createdAt).getTime() >= issuedAt
      if (input.created && !isFresh) {
        throw new ProtocolError('invalid_request', { message: 'No account was made just now.' })
      }
      const answered = [
        ...(input.selected ? (['select_account'] as const) : []),
        ...(input.created ? (['create', 'select_account'] as const) : []),
        ...(isFresh ? (['login'] as const) : []),
      ]
      return {
        redirect_uri: await goOn(engine(), ctx, { context, person, query, isFresh, answered }),
      }
    },
  })
}
