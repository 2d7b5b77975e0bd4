import type { AgentEvent } from '../domain/event.ts'
import { type ApprovalOutcome, approvalOutcome } from '../domain/approval-outcome.ts'
import type { Agent, Approval } from '../domain/model.ts'
import type { Events } from '../events.ts'
import { findAgents } from '../store/agents.ts'
import { findApprovals, findLatestApproval } from '../store/approvals.ts'
import type { Database } from '../store/database.ts'

const INTERVAL = 1000
/** What one statement reads. */
const AT_ONCE = 100

/** Somebody who waits for a decision. */
interface Watch {
  readonly agentId: string
  approvalId: string
  readonly onOutcome: (outcome: ApprovalOutcome) => void
}

/**
 * Tells who waits for decisions what became of them, whichever replica they were made on.
 *
 * All who wait share two statements a second, and decisions of this process are looked at right
 * away. Nothing runs while nobody waits.
 */
export class ApprovalWatch {
  readonly #db: Database
  readonly #watches = new Set<Watch>()
  readonly #stopListening: () => void
  #timer: NodeJS.Timeout | undefined
  #looking = false
  #again = false

  constructor(db: Database, events: Events) {
    this.#db = db
    this.#stopListening = events.listen((event) => this.#hear(event))
  }

  /** Calls `onOutcome` once, unless the returned function is called before. */
  watch(
    question: { agentId: string; approvalId: string },
    onOutcome: (outcome: ApprovalOutcome) => void,
  ): () => void {
    const watch = { ...question, onOutcome }
    this.#watches.add(watch)
    this.#timer ??= setInterval(() => void this.#look(), INTERVAL).unref()
    void this.#look()
    return () => this.#remove(watch)
  }

  /** Forgets everybody who waits. */
  close(): void {
    this.#stopListening()
    for (const watch of this.#watches) this.#remove(watch)
  }

  #hear({ type, agentId }: AgentEvent): void {
    if (this.#watches.size === 0 || type.startsWith('capability.')) return
    const concerns = [...this.#watches].some((watch) => watch.agentId === agentId)
    if (concerns || type === 'host.revoked') void this.#look()
  }

  async #look(): Promise<void> {
    this.#again = this.#looking
    if (this.#looking) return
    this.#looking = true
    try {
      const watches = [...this.#watches]
      for (let at = 0; at < watches.length; at += AT_ONCE) {
        await this.#lookAt(watches.slice(at, at + AT_ONCE))
      }
    } catch {
      // The database is away: whoever waits goes on waiting, and polling tells them that.
    } finally {
      this.#looking = false
    }
    if (this.#again) await this.#look()
  }

  async #lookAt(watches: readonly Watch[]): Promise<void> {
    const { adapter } = this.#db
    const approvals = await findApprovals(
      adapter,
      watches.map(({ approvalId }) => approvalId),
    )
    const agents = await findAgents(
      adapter,
      watches.map(({ agentId }) => agentId),
    )
    for (const watch of watches) {
      const approval = approvals.find(({ id }) => id === watch.approvalId)
      const agent = agents.find(({ id }) => id === watch.agentId) ?? null
      await this.#tell(watch, approval, agent)
    }
  }

  async #tell(watch: Watch, found: Approval | undefined, agent: Agent | null): Promise<void> {
    // The agent asked again: from here on that is the question.
    const isOld = found?.status === 'superseded'
    const latest = isOld ? await findLatestApproval(this.#db.adapter, watch.agentId) : found
    if (latest) watch.approvalId = latest.id
    const outcome = latest ? approvalOutcome(latest, agent, Date.now()) : 'expired'
    if (outcome === null || !this.#watches.has(watch)) return
    this.#remove(watch)
    watch.onOutcome(outcome)
  }

  #remove(watch: Watch): void {
    this.#watches.delete(watch)
    if (this.#watches.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
