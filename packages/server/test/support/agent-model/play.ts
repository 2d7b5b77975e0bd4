import * as ending from './ending.ts'
import * as giving from './giving.ts'
import type { Step, Story } from './story.ts'

/** What can happen, by its name. */
export const HAPPENINGS = { ...giving, ...ending } as const satisfies Readonly<
  Record<string, (story: Story, step: Step) => Promise<void>>
>

export interface Happening extends Step {
  readonly kind: keyof typeof HAPPENINGS
}

/** Plays a history, and compares after each step all that agents can do with what they may. */
export async function play(story: Story, history: readonly Happening[]): Promise<void> {
  const told: string[] = []
  for (const { kind, ...step } of history) {
    story.turn += 1
    told.push(`${kind} ${step.a} ${step.b} ${step.n}`)
    try {
      await HAPPENINGS[kind](story, step)
      await story.compare(step)
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`${message}\nafter:\n${told.join('\n')}`, { cause })
    }
  }
}
