import { ending } from './ending.ts'
import { giving } from './giving.ts'
import type { Step, Story } from './story.ts'

/** What can happen, by its name. */
export const HAPPENINGS = { ...giving, ...ending } as const satisfies Readonly<
  Record<string, (story: Story, step: Step) => Promise<void>>
>

export interface Happening extends Step {
  readonly kind: keyof typeof HAPPENINGS
}

/** Plays a history, and compares after each step what tokens are told to be with what they are. */
export async function play(story: Story, history: readonly Happening[]): Promise<void> {
  const told: string[] = []
  for (const [index, { kind, ...step }] of history.entries()) {
    story.turn += 1
    told.push(`${kind} ${step.a} ${step.b} ${step.n}`)
    try {
      await HAPPENINGS[kind](story, step)
      await story.compare(step, index === history.length - 1)
    } catch (cause) {
      const message = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
      throw new Error(`${message}\nafter:\n${told.join('\n')}`, { cause })
    }
  }
}
