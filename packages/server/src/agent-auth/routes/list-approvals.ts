import * as z from 'zod'
import { approvalView } from '../approval/view.ts'
import { personRoute } from '../person.ts'
import { findAgent } from '../store/agents.ts'
import { findPendingApprovalsUnder } from '../store/approvals.ts'
import { findPendingGrants } from '../store/grants.ts'
import { findHostsOf } from '../store/hosts.ts'

/** `GET /agent/approvals`: what waits for this person under the apps they connected. */
export const listApprovals = personRoute({
  method: 'GET',
  path: '/agent/approvals',
  input: z.object({}).optional(),
  async handle(request) {
    const { context, person, now } = request
    const { adapter } = context.db
    const hosts = await findHostsOf(adapter, person.userId)
    const views = hosts.map(async (host) => {
      const waiting = await findPendingApprovalsUnder(adapter, host.id)
      const current = waiting.filter(({ expiresAt }) => expiresAt.getTime() > now)
      return Promise.all(
        current.map(async (approval) => {
          const agent = await findAgent(adapter, approval.agentId)
          const pending = await findPendingGrants(adapter, approval.id)
          return agent ? [await approvalView(request, { approval, agent, host, pending })] : []
        }),
      )
    })
    return { approvals: (await Promise.all(views)).flat(2) }
  },
})
