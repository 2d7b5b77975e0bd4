import { ProtocolError } from '@countersign/protocol'
import type { AgentAuthContext } from '../context.ts'
import type { Approval } from '../domain/model.ts'
import { withinTime } from './within-time.ts'

/**
 * Checks the proof that the method of an approval asks for, where it asks for one. Throws
 * `unauthorized`, also when the method is no longer configured: then nobody could check it.
 */
export async function requireProof(
  { options }: AgentAuthContext,
  approval: Approval,
  given: { userId: string; proof: Readonly<Record<string, unknown>> | undefined },
): Promise<void> {
  const method = options.approvalMethods.find(({ id }) => id === approval.method)
  if (method && !method.checkProof) return
  const { userId, proof = {} } = given
  const check = { approvalId: approval.id, userId, proof }
  if (await withinTime(() => method?.checkProof?.(check) ?? false)) return
  throw new ProtocolError('unauthorized', { message: `"${approval.method}" did not confirm this.` })
}
