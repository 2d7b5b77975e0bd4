import { ProtocolError } from '@countersign/protocol'
import type { ApprovalOutcome } from '../domain/approval-outcome.ts'
import type { Agent, Approval } from '../domain/model.ts'
import type { ApprovalWatch } from './watch.ts'

const HEARTBEAT = 15_000
const PER_HOST = 10
const IN_ALL = 5_000

/**
 * Streams of server-sent events that tell hosts of decisions (specification, 10.10.2).
 *
 * Each process holds ten for a host and five thousand in all; whoever is refused polls.
 */
export class ApprovalStreams {
  readonly #watch: ApprovalWatch
  readonly #byHost = new Map<string, number>()
  readonly #open = new Set<() => void>()

  constructor(watch: ApprovalWatch) {
    this.#watch = watch
  }

  /**
   * Opens a stream that ends with `event: approval` once the question is decided, has expired or the
   * agent is revoked. Throws `rate_limited` when there are too many.
   */
  open(agent: Agent, approval: Approval, signal: AbortSignal | undefined): ReadableStream {
    const { hostId } = agent
    const held = this.#byHost.get(hostId) ?? 0
    if (held >= PER_HOST || this.#open.size >= IN_ALL) {
      const message = 'Too many streams are open. Poll the status instead.'
      throw new ProtocolError('rate_limited', { message, headers: { 'retry-after': '60' } })
    }
    const encoder = new TextEncoder()
    let leave = () => {}
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        const send = (text: string) => controller.enqueue(encoder.encode(text))
        const end = () => {
          leave()
          controller.close()
        }
        const heartbeat = setInterval(() => send(': still waiting\n\n'), HEARTBEAT).unref()
        const question = { agentId: agent.id, approvalId: approval.id }
        const stop = this.#watch.watch(question, (outcome) => {
          send(messageOf(agent, outcome))
          end()
        })
        this.#open.add(end)
        this.#byHost.set(hostId, held + 1)
        leave = () => {
          leave = () => {}
          stop()
          clearInterval(heartbeat)
          signal?.removeEventListener('abort', end)
          this.#open.delete(end)
          this.#release(hostId)
        }
        send(': waiting\n\n')
        signal?.addEventListener('abort', end)
        if (signal?.aborted) end()
      },
      // Whoever cancels has closed it already.
      cancel: () => leave(),
    })
  }

  /** Ends every stream. */
  close(): void {
    for (const end of this.#open) end()
  }

  #release(hostId: string): void {
    const left = (this.#byHost.get(hostId) ?? 1) - 1
    if (left > 0) this.#byHost.set(hostId, left)
    else this.#byHost.delete(hostId)
  }
}

function messageOf({ id }: Agent, status: ApprovalOutcome): string {
  return `event: approval\ndata: ${JSON.stringify({ agent_id: id, status })}\n\n`
}
