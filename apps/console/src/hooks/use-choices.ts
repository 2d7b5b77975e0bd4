import { useMemo, useState } from 'react'
import type { AskedCapability } from '../api/contract.ts'
import { initialChoice, type CapabilityChoice } from '../lib/choice.ts'
import { decide, type Decided } from '../lib/decide.ts'

/** One capability with what was chosen for it and what would be sent. */
export interface ChosenCapability extends Decided {
  asked: AskedCapability
  choice: CapabilityChoice
  change: (change: Partial<CapabilityChoice>) => void
}

/**
 * Holds what the person chose. Reading the same question again never resets it; another one, which
 * `question` tells, starts over.
 */
export function useChoices(
  capabilities: readonly AskedCapability[],
  question: string,
): ChosenCapability[] {
  const [state, setState] = useState<Choices>({ question, choices: {} })
  return useMemo(() => {
    const choices = state.question === question ? state.choices : {}
    return capabilities.map((asked) => {
      const choice = choices[asked.capability] ?? initialChoice(asked)
      return {
        asked,
        choice,
        ...decide(asked, choice, new Date()),
        change: (change) =>
          setState((before) => {
            const all = before.question === question ? before.choices : {}
            const current = all[asked.capability] ?? choice
            return { question, choices: { ...all, [asked.capability]: { ...current, ...change } } }
          }),
      }
    })
  }, [capabilities, question, state])
}

interface Choices {
  question: string
  choices: Readonly<Record<string, CapabilityChoice>>
}
