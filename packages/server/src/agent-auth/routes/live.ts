import * as z from 'zod'
import { personRoute } from '../person.ts'

/**
 * `GET /agent/live`: a stream of server-sent events, one whenever something of this person changes.
 *
 * It says which agent and nothing more; the page asks again for what it shows.
 */
export const live = personRoute({
  method: 'GET',
  path: '/agent/live',
  input: z.object({}).optional(),
  handle: async ({ context, person, request }) =>
    new Response(context.liveStreams.open(person.userId, request?.signal), {
      headers: {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      },
    }),
})
