import { type ErrorCode, ProtocolError } from '@countersign/protocol'
import { authorizeExecution } from '../domain/authorize.ts'
import type { AgentEvent } from '../domain/event.ts'
import { agentState, type Lifetimes, refusal } from '../domain/lifecycle.ts'
import type { Events } from '../events.ts'
import type { AgentLoader, LoadedAgent } from '../store/agents.ts'

const PER_AGENT = 100
const IN_ALL = 5_000
/** Milliseconds without an answer of the database after which nothing goes on unchecked (5.11). */
const LONGEST_UNCHECKED = 60_000

/** Something that runs although its request was answered: a job or a stream. */
export interface Work {
  readonly execution: {
    readonly caller: LoadedAgent
    readonly name: string
    readonly args: Record<string, unknown>
  }
  /** The moment at which grants must cover it: a stream ends with its grant, a job need not. */
  readonly coveredAt: (now: number) => number
  /** Ends it; resolves once that is stored. Called more than once, it does nothing more. */
  readonly stop: (reason: ProtocolError) => Promise<void>
}

interface Entry {
  readonly work: Work
  checkedAt: number
}

interface RunningOptions {
  readonly agents: AgentLoader
  readonly events: Events
  readonly lifetimes: Lifetimes
  /** Seconds between two looks at the database. */
  readonly interval: number
}

/**
 * Stops what runs for an agent that may not do it any more (specification, 5.11 and 8.17).
 *
 * Changes of this process are looked at right away, those of other processes every few seconds. Each
 * process runs a hundred for one agent and five thousand in all.
 */
export class Running {
  readonly #options: RunningOptions
  readonly #entries = new Set<Entry>()
  readonly #byAgent = new Map<string, number>()
  readonly #stopListening: () => void
  #timer: NodeJS.Timeout | undefined
  #looking = false

  constructor(options: RunningOptions) {
    this.#options = options
    this.#stopListening = options.events.listen((event) => this.#hear(event))
  }

  /** Watches over something until the returned function is called. Throws `rate_limited`. */
  add(work: Work): () => void {
    const { id } = work.execution.caller.agent
    const running = this.#byAgent.get(id) ?? 0
    if (running >= PER_AGENT || this.#entries.size >= IN_ALL) {
      const message = 'Too many jobs and streams are running. Try again later.'
      throw new ProtocolError('rate_limited', { message, headers: { 'retry-after': '30' } })
    }
    const entry = { work, checkedAt: Date.now() }
    this.#entries.add(entry)
    this.#byAgent.set(id, running + 1)
    this.#timer ??= setInterval(() => void this.#lookRegularly(), this.#options.interval * 1000)
    this.#timer.unref()
    // Something may have changed since the request was authenticated.
    void this.#look([entry])
    return () => this.#remove(entry)
  }

  /** Ends everything, and resolves when all of that is stored. */
  async close(): Promise<void> {
    this.#stopListening()
    const reason = new ProtocolError('unavailable', { message: 'The server was stopped.' })
    await Promise.all(Array.from(this.#entries, ({ work }) => work.stop(reason)))
    clearInterval(this.#timer)
  }

  #hear({ type, agentId, hostId, userId }: AgentEvent): void {
    if (this.#entries.size === 0 || !/^(agent|grant|host|user)\./.test(type)) return
    const concerned = [...this.#entries].filter(({ work: { execution } }) => {
      const { agent } = execution.caller
      return agent.id === agentId || agent.hostId === hostId || agent.userId === (userId ?? '')
    })
    void this.#look(concerned)
  }

  async #lookRegularly(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    await this.#look([...this.#entries])
    this.#looking = false
  }

  async #look(entries: readonly Entry[]): Promise<void> {
    const ids = new Set(entries.map(({ work }) => work.execution.caller.agent.id))
    await Promise.all(
      Array.from(ids, async (id) => {
        const own = entries.filter(({ work }) => work.execution.caller.agent.id === id)
        try {
          this.#judge(own, await this.#options.agents.load(id))
        } catch {
          this.#stopUnchecked(own)
        }
      }),
    )
  }

  #judge(entries: readonly Entry[], loaded: LoadedAgent | null): void {
    const now = Date.now()
    for (const entry of entries) {
      entry.checkedAt = now
      const code = refusalOf(entry.work, loaded, { lifetimes: this.#options.lifetimes, now })
      if (code) void entry.work.stop(new ProtocolError(code))
    }
  }

  /** The database is away: what was checked a moment ago goes on for a minute. */
  #stopUnchecked(entries: readonly Entry[]): void {
    for (const { work, checkedAt } of entries) {
      if (Date.now() - checkedAt > LONGEST_UNCHECKED)
        void work.stop(new ProtocolError('unavailable'))
    }
  }

  #remove(entry: Entry): void {
    if (!this.#entries.delete(entry)) return
    const { id } = entry.work.execution.caller.agent
    const left = (this.#byAgent.get(id) ?? 1) - 1
    if (left > 0) this.#byAgent.set(id, left)
    else this.#byAgent.delete(id)
    if (this.#entries.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

/** Why something may not go on, or `null`. A grant that is used up was used up by this. */
function refusalOf(
  { execution, coveredAt }: Work,
  loaded: LoadedAgent | null,
  { lifetimes, now }: { lifetimes: Lifetimes; now: number },
): ErrorCode | null {
  if (!loaded) return 'agent_revoked'
  const { agent, host, grants } = loaded
  const refused = refusal(host, agent, agentState(agent, lifetimes, now))
  if (refused) return refused
  const { name: capability, args } = execution
  const decision = authorizeExecution(grants, { capability, args, now: coveredAt(now) })
  return decision.allowed || decision.reason === 'limit_exceeded' ? null : decision.reason
}
