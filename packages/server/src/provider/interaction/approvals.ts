import * as z from 'zod'
import { answerQuestion, answerSchema } from '../pending/answer.ts'
import { findById, findWaiting } from '../pending/pending-store.ts'
import { describeQuestion, openQuestion } from '../pending/question.ts'
import { browserRoute } from './browser-route.ts'

/** `GET /oidc/approvals`: what clients ask this person over the back channel (CIBA), newest first. */
export const listApprovals = browserRoute({
  method: 'GET',
  path: '/oidc/approvals',
  input: z.undefined(),
  async handle(request) {
    const { context, person, now } = request
    const waiting = await findWaiting(context.store, person.user.id, now)
    const approvals = []
    for (const pending of waiting) {
      const client = await context.clients.find(pending.clientId)
      if (!client || client.disabled) continue
      approvals.push({
        id: pending.id,
        binding_message: pending.bindingMessage,
        requested_at: pending.createdAt.toISOString(),
        expires_at: pending.expiresAt.toISOString(),
        ...(await describeQuestion(request, { pending, client })),
      })
    }
    return { approvals }
  },
})

/** `POST /oidc/approvals/{id}`: the person who is asked allows it, or does not. Nobody else can. */
export const decideApproval = browserRoute({
  method: 'POST',
  path: '/oidc/approvals/:id',
  input: answerSchema,
  async handle(request) {
    const params: Readonly<Record<string, string | undefined>> = request.ctx.params ?? {}
    const found = await findById(request.context.store, params['id'] ?? '')
    const question = await openQuestion(request, found?.kind === 'ciba' ? found : null)
    return { ...(await answerQuestion(request, question)) }
  },
})
