import type { ApprovalInstructions, Constraints } from '@countersign/protocol'
import type { Approval } from '../domain/model.ts'

/** The person a host is linked to: the only one who can decide, and the only one who is told. */
export interface ApprovalPerson {
  readonly id: string
  readonly email: string
  /** Whether the address is proven to be theirs. Mail to others reaches strangers. */
  readonly emailVerified: boolean
  readonly name: string
}

/** What is known when the method is chosen, before anything is stored. */
export interface ApprovalSubject {
  /** The linked person; `null` when nobody knows yet who will decide. */
  readonly person: ApprovalPerson | null
  /** Said by the agent, cleaned as display text, and never proof of anything. */
  readonly agentName: string
  /** Said by the host, cleaned as display text. */
  readonly hostName: string | null
  readonly kind: Approval['kind']
  /** Names of everything that waits for the person. */
  readonly capabilities: readonly string[]
}

/** One capability that waits, in the words of the approvals page. */
export interface AskedCapability {
  readonly capability: string
  readonly title: string
  readonly description: string
  readonly readOnly: boolean
  readonly constraints: Constraints | null
}

/** What is being asked, as every approval method sees it. */
export interface ApprovalRequest extends Omit<ApprovalSubject, 'capabilities'> {
  readonly id: string
  readonly agentId: string
  readonly hostId: string
  /** The person who will decide, when the host is linked to one. */
  readonly userId: string | null
  /** The code that finds the request, to be shown to the person only. */
  readonly userCode: string
  /** Page where people enter the code. */
  readonly verificationUri: string
  /** Page that shows this request to the linked person once they are signed in. Holds no secret. */
  readonly approvalUri: string
  readonly asked: readonly AskedCapability[]
  /** Said by the agent, cleaned as display text. */
  readonly reason: string | null
  readonly bindingMessage: string | null
  /** Seconds until the request expires. */
  readonly expiresIn: number
  readonly expiresAt: Date
}

/** What an agent is told (specification, 7), with the fields a method of its own adds (10.10.3). */
export type StartedApproval = ApprovalInstructions & Readonly<Record<string, unknown>>

/** One way to reach a person and ask. Stateless: everything it needs arrives as an argument. */
export interface ApprovalMethod {
  /** Name on the wire, in discovery and in the database. */
  readonly id: string
  /** Whether it can be used for this request. @default always */
  available?(subject: ApprovalSubject): boolean | Promise<boolean>
  /**
   * Returns what the agent has to pass on. Runs after the request is stored, for 10 seconds at most.
   *
   * When it fails, device authorization takes its place, unless the method has `checkProof`.
   */
  start(request: ApprovalRequest): Promise<StartedApproval> | StartedApproval
  /**
   * Tells the linked person that something waits. The agent's request never waits for it, what it
   * throws becomes an event, and per person it is called as often as `rateLimit.notification` allows.
   */
  notify?(request: ApprovalRequest, signal: AbortSignal): Promise<void> | void
  /**
   * Whether `proof`, which the person sends with an approval, is good for it. It comes on top of the
   * fresh sign-in and of the passkey, never in their place.
   */
  checkProof?(check: {
    readonly approvalId: string
    readonly userId: string
    readonly proof: Readonly<Record<string, unknown>>
  }): Promise<boolean> | boolean
}
