import { approvalInstructionsSchema } from '@countersign/protocol'
import type { ApprovalMethod, ApprovalRequest } from '../agent-auth/approval-methods/index.ts'

/** What the suites need of a test runner; Vitest, Jest and Bun fit. */
export interface TestRunner {
  readonly describe: (name: string, define: () => void) => unknown
  readonly it: (name: string, run: () => Promise<void> | void) => unknown
  readonly expect: (value: unknown) => {
    toBe(expected: unknown): void
    toEqual(expected: unknown): void
    toMatch(expected: RegExp): void
  }
}

/**
 * What every approval method must do (specification, 7 and 10.10.3). `create` returns a new one.
 *
 * Methods are stateless, answer with an approval object, and reveal nothing of the person.
 */
export function describeApprovalMethod(
  name: string,
  create: () => ApprovalMethod,
  { describe, it, expect }: TestRunner,
): void {
  const started = async (request: ApprovalRequest) => create().start(request)

  describe(`${name} keeps the contract of approval methods`, () => {
    it('has an id that goes on the wire, the same each time', () => {
      expect(create().id).toMatch(/^[\w.:-]{1,64}$/)
      expect(create().id).toBe(create().id)
    })

    it('answers with an approval object of its own name', async () => {
      const instructions = await started(requestOf('one'))
      const parsed = approvalInstructionsSchema.safeParse(instructions)
      expect(parsed.error?.message).toBe(undefined)
      expect(instructions.method).toBe(create().id)
      expect(instructions.expires_in <= 300).toBe(true)
      expect(JSON.parse(JSON.stringify(instructions))).toEqual(instructions)
    })

    it('keeps requests apart that start together', async () => {
      const method = create()
      const names = ['one', 'two', 'three']
      const answers = await Promise.all(names.map(async (one) => method.start(requestOf(one))))
      const alone = await Promise.all(names.map(async (one) => started(requestOf(one))))
      for (const [index, answer] of answers.entries()) {
        expect(Object.keys(answer).sort()).toEqual(Object.keys(alone[index] ?? {}).sort())
        const text = JSON.stringify(answer)
        const foreign = names.filter((_, other) => other !== index)
        expect(foreign.some((other) => text.includes(`code-${other}`))).toBe(false)
        expect(foreign.some((other) => text.includes(`apr_${other}`))).toBe(false)
      }
    })

    it('tells the agent nothing about the person', async () => {
      const text = JSON.stringify(await started(requestOf('one')))
      expect(text.includes('ada@example.com')).toBe(false)
      expect(text.includes('user_ada')).toBe(false)
      expect(text.includes('Ada Lovelace')).toBe(false)
    })

    it('says without a person, too, whether it is available', async () => {
      const { person: _, ...subject } = requestOf('one')
      const capabilities = subject.asked.map(({ capability }) => capability)
      const available = await create().available?.({ ...subject, capabilities, person: null })
      expect(typeof (available ?? true)).toBe('boolean')
    })

    it('takes no proof for one that is empty', async () => {
      const check = { approvalId: 'apr_one', userId: 'user_ada', proof: {} }
      expect((await create().checkProof?.(check)) ?? false).toBe(false)
    })
  })
}

function requestOf(name: string): ApprovalRequest {
  const page = 'https://bank.example/auth/device'
  return {
    id: `apr_${name}`,
    agentId: `agt_${name}`,
    agentName: 'Helper',
    hostId: `hst_${name}`,
    hostName: 'laptop',
    kind: 'capabilities',
    userId: 'user_ada',
    person: { id: 'user_ada', email: 'ada@example.com', emailVerified: true, name: 'Ada Lovelace' },
    userCode: `code-${name}`,
    verificationUri: page,
    approvalUri: `${page}?approval_id=apr_${name}`,
    asked: [
      {
        capability: 'transfer_money',
        title: 'Transfer money',
        description: 'Sends money to another account.',
        readOnly: false,
        constraints: { amount: { max: 100 } },
      },
    ],
    reason: 'Rent.',
    bindingMessage: 'Pay the rent',
    expiresIn: 300,
    expiresAt: new Date(Date.now() + 300_000),
  }
}
