import { approvalQuerySchema } from '@countersign/protocol'
import { approvalView } from '../approval/view.ts'
import { openForPerson } from '../approval/open.ts'
import { personRoute } from '../person.ts'

/** `GET /agent/approval`: what an agent asks, for the person who has its code. */
export const showApproval = personRoute({
  method: 'GET',
  path: '/agent/approval',
  input: approvalQuerySchema,
  handle: async (request) => approvalView(request, await openForPerson(request)),
})
