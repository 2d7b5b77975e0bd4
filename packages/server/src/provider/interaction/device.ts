import { parseWith, ProtocolError } from '@countersign/protocol'
import * as z from 'zod'
import { answerQuestion, answerSchema } from '../pending/answer.ts'
import type { PendingAuthorization } from '../pending/pending.ts'
import { findByUserCode, reserve } from '../pending/pending-store.ts'
import { describeQuestion, openQuestion } from '../pending/question.ts'
import { digestUserCode } from '../pending/user-code.ts'
import { type BrowserRequest, browserRoute } from './browser-route.ts'

const codeSchema = z.object({ user_code: z.string().min(1).max(32) })

/**
 * `GET /oidc/device?user_code=`: what a device asks for, by the code that it shows. From then on
 * nobody but this person can answer.
 */
export const showDevice = browserRoute({
  method: 'GET',
  path: '/oidc/device',
  input: z.undefined(),
  async handle(request) {
    const { context, person, search } = request
    const query = Object.fromEntries(new URLSearchParams(search))
    const found = await findByCode(request, parseWith(codeSchema, query).user_code)
    const userId = person.user.id
    const isMine = await reserve(context.store, found.id, userId)
    return describeQuestion(
      request,
      await openQuestion(request, isMine ? { ...found, userId } : null),
    )
  },
})

/** `POST /oidc/device`: the person allows it, or does not. */
export const decideDevice = browserRoute({
  method: 'POST',
  path: '/oidc/device',
  input: answerSchema.extend(codeSchema.shape),
  async handle(request) {
    const found = await findByCode(request, request.input.user_code)
    return { ...(await answerQuestion(request, await openQuestion(request, found))) }
  },
})

/** Wrong codes are counted by person, and after too many no code is looked at (RFC 8628 section 5.1). */
async function findByCode(
  { context, person }: Pick<BrowserRequest<unknown>, 'context' | 'person'>,
  code: string,
): Promise<PendingAuthorization> {
  const { pendingLimits, store, auth } = context
  const { id } = person.user
  await pendingLimits.countGuess(id)
  const found = await findByUserCode(store, digestUserCode(auth.secret, code))
  // What another person opened is as good as a wrong code.
  if (found?.kind !== 'device' || (found.userId !== null && found.userId !== id)) {
    throw new ProtocolError('approval_not_found')
  }
  await pendingLimits.takeBackGuess(id)
  return found
}
