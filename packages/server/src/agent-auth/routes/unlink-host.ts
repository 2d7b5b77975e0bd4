import { hostIdRequestSchema } from '@countersign/protocol'
import { releaseHost } from '../ending.ts'
import { personRoute } from '../person.ts'

/** `POST /host/unlink`: a person disconnects an app; all its agents end (specification, 2.9). */
export const unlinkHost = personRoute({
  method: 'POST',
  path: '/host/unlink',
  input: hostIdRequestSchema,
  handle: async ({ context, person, input, now }) =>
    releaseHost(context, input.host_id, {
      userId: person.userId,
      now: new Date(now),
      toSwitch: false,
    }),
})
