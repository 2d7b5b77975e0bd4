import { hostIdRequestSchema } from '@countersign/protocol'
import { releaseHost } from '../ending.ts'
import { personRoute } from '../person.ts'

/**
 * `POST /host/switch-account`: a person lets an app go to another account (specification, 2.9).
 *
 * Only whom it is linked to can: it is free from here on, all its agents end, and the next approval
 * or enrolment token links it again, with the same id and key. Nobody can pull it over to themselves.
 */
export const switchHost = personRoute({
  method: 'POST',
  path: '/host/switch-account',
  input: hostIdRequestSchema,
  handle: async ({ context, person, input, now }) =>
    releaseHost(context, input.host_id, {
      userId: person.userId,
      now: new Date(now),
      toSwitch: true,
    }),
})
