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

/** Holds what the person chose. Refetching the request never resets it. */
export function useChoices(capabilities: readonly AskedCapability[]): ChosenCapability[] {
  const [choices, setChoices] = useState<Readonly<Record<string, CapabilityChoice>>>({})
  return useMemo(
    () =>
      capabilities.map((asked) => {
        const choice = choices[asked.capability] ?? initialChoice(asked)
        return {
          asked,
          choice,
          ...decide(asked, choice, new Date()),
          change: (change) =>
            setChoices((all) => {
              const current = all[asked.capability] ?? choice
              return { ...all, [asked.capability]: { ...current, ...change } }
            }),
        }
      }),
    [capabilities, choices],
  )
}
