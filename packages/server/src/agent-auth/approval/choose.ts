import type { ApprovalMethod, ApprovalPerson, ApprovalSubject } from '../approval-methods/index.ts'
import type { AgentAuthContext } from '../context.ts'
import type { Host } from '../domain/model.ts'
import { isBanned } from '../../people/ban.ts'
import { byId } from '../store/database.ts'

/** How a question reaches somebody, decided before it is stored. */
export interface Reach {
  readonly method: ApprovalMethod
  /** The person the host is linked to, where the method may need them. */
  readonly person: ApprovalPerson | null
}

interface Choice extends Omit<ApprovalSubject, 'person' | 'hostName'> {
  readonly host: Host
  /** What the agent would like: a hint, no more. */
  readonly preferredMethod: string | undefined
}

/**
 * Chooses how to ask (specification, 7.5): what `resolveApprovalMethod` says, else the method the
 * agent prefers, else CIBA, each only where it is available; device authorization works always.
 *
 * Not inside a transaction: it reads the linked person and runs the operator's code.
 */
export async function chooseMethod(context: AgentAuthContext, choice: Choice): Promise<Reach> {
  const { approvalMethods, resolveApprovalMethod } = context.options
  const baseline = baselineOf(context)
  if (approvalMethods.length === 1 && !resolveApprovalMethod) {
    return { method: baseline, person: null }
  }
  const { host, preferredMethod, ...words } = choice
  const person = host.userId === null ? null : await findPerson(context, host.userId)
  const subject = { ...words, hostName: host.name, person }
  try {
    const wanted = resolveApprovalMethod
      ? [await resolveApprovalMethod(policyQuestion(context, choice))]
      : [preferredMethod, 'ciba']
    for (const id of wanted) {
      const method = approvalMethods.find((one) => one.id === id)
      if (method && (await (method.available?.(subject) ?? true))) return { method, person }
    }
  } catch (error) {
    context.logError('agentAuth: no approval method was chosen, the code is shown instead', error)
  }
  return { method: baseline, person }
}

/** The method every server has (specification, 7.1). */
export function baselineOf({ options }: AgentAuthContext): ApprovalMethod {
  const baseline = options.approvalMethods.find(({ id }) => id === 'device_authorization')
  if (!baseline) throw new TypeError('device authorization is missing')
  return baseline
}

function policyQuestion({ options }: AgentAuthContext, choice: Choice) {
  const { host, agentName, capabilities, preferredMethod } = choice
  return {
    userId: host.userId,
    agentName,
    hostId: host.userId === null ? null : host.id,
    capabilities: [...capabilities],
    ...(preferredMethod !== undefined && { preferredMethod }),
    supportedMethods: options.approvalMethods.map(({ id }) => id),
  }
}

type StoredUser = ApprovalPerson & {
  readonly banned?: boolean | null
  readonly banExpires?: Date | null
}

/** The person, unless they are gone or locked out: who cannot sign in is not asked either. */
async function findPerson({ db }: AgentAuthContext, id: string): Promise<ApprovalPerson | null> {
  const user = await db.adapter.findOne<StoredUser>({ model: 'user', where: byId(id) })
  if (!user || isBanned(user, Date.now())) return null
  const { email, emailVerified, name } = user
  return { id, email, emailVerified, name }
}
