import * as z from 'zod'
import { approvalView } from '../approval/view.ts'
import { approvalOutcome } from '../domain/approval-outcome.ts'
import type { Host } from '../domain/model.ts'
import { personRoute, type PersonRequest } from '../person.ts'
import { findAgent } from '../store/agents.ts'
import { findPendingApprovalsUnder } from '../store/approvals.ts'
import { findPendingGrants } from '../store/grants.ts'
import { findHostsOf } from '../store/hosts.ts'

/**
 * `GET /agent/approvals`: the inbox. All that waits for this person under the apps they connected,
 * whichever way it was asked and whether or not they were told (specification, 7.2).
 */
export const listApprovals = personRoute({
  method: 'GET',
  path: '/agent/approvals',
  input: z.object({}).optional(),
  async handle(request) {
    const { context, person } = request
    const hosts = await findHostsOf(context.db.adapter, person.userId)
    const views = await Promise.all(hosts.map((host) => viewsUnder(request, host)))
    return { approvals: views.flat() }
  },
})

async function viewsUnder(request: PersonRequest<unknown>, host: Host) {
  const { adapter } = request.context.db
  const waiting = await findPendingApprovalsUnder(adapter, host.id)
  const views = waiting.map(async (approval) => {
    const agent = await findAgent(adapter, approval.agentId)
    if (!agent || approvalOutcome(approval, agent, request.now) !== null) return []
    const pending = await findPendingGrants(adapter, approval.id)
    return [await approvalView(request, { approval, agent, host, pending })]
  })
  return (await Promise.all(views)).flat()
}
