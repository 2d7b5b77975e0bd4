import type { ApprovalInstructions } from '@countersign/protocol'

/** What is being asked, as every approval method sees it. */
export interface ApprovalRequest {
  readonly id: string
  readonly agentId: string
  /** The person who will decide, when the host is linked to one. */
  readonly userId: string | null
  /** The code that finds the request, to be shown to the person only. */
  readonly userCode: string
  /** Page where people enter the code. */
  readonly verificationUri: string
  readonly bindingMessage: string | null
  /** Seconds until the request expires. */
  readonly expiresIn: number
}

/** One way to reach a person and ask. Stateless: everything it needs arrives as an argument. */
export interface ApprovalMethod {
  /** Name on the wire, in discovery and in the database. */
  readonly id: string
  /** Asks the person, and returns what the agent has to pass on (specification, 7). */
  start(request: ApprovalRequest): Promise<ApprovalInstructions> | ApprovalInstructions
}
