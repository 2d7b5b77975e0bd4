import type { AskedCapability, Primitive } from '../api/contract.ts'
import { defaultDuration, type Duration } from './durations.ts'
import { limitFields, type LimitField } from './limit-fields.ts'

/** What a person has typed or ticked for one argument; numbers stay text until they are read. */
export interface FieldChoice {
  atMost: string
  atLeast: string
  /** The ticked options of a `choice`. */
  picked: readonly Primitive[]
  /** The comma-separated values of a `text`. */
  only: string
}

/** What a person has chosen for one capability so far. */
export interface CapabilityChoice {
  allow: boolean
  duration: Duration
  uses: string
  budgetField: string
  budget: string
  fields: Readonly<Record<string, FieldChoice>>
}

/** The starting point: exactly what was asked, for a sensible time. */
export function initialChoice(asked: AskedCapability): CapabilityChoice {
  const fields = limitFields(asked.input, asked.constraints)
  return {
    allow: true,
    duration: defaultDuration(asked.read_only),
    uses: '',
    budgetField: fields.find((field) => field.kind === 'number')?.name ?? '',
    budget: '',
    fields: Object.fromEntries(fields.map((field) => [field.name, initialField(field)])),
  }
}

/** An argument's starting point: what the agent asked. */
export function initialField(field: LimitField): FieldChoice {
  return {
    atMost: field.asked.max === undefined ? '' : String(field.asked.max),
    atLeast: field.asked.min === undefined ? '' : String(field.asked.min),
    picked: field.options,
    only: '',
  }
}
