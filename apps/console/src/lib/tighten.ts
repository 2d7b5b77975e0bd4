import type { Operators, Primitive } from '../api/contract.ts'
import type { FieldChoice } from './choice.ts'
import type { LimitField } from './limit-fields.ts'
import { either, valueWord } from './words.ts'

/** A limit that can be sent, or what is wrong with it and in which control. */
export type Tightened =
  | { ok: true; operators: Operators }
  | { ok: false; control: 'atMost' | 'atLeast' | 'picked' | 'only'; message: string }

/** Combines what the agent asked with what the person chose; the result is never wider. */
export function tighten(field: LimitField, choice: FieldChoice): Tightened {
  switch (field.kind) {
    case 'number':
      return tightenNumber(field.asked, choice)
    case 'choice':
      return tightenChoice(field, choice.picked)
    case 'text':
      return tightenText(field.asked, choice.only)
  }
}

/**
 * Reads a typed number; nothing when empty, `NaN` when it is not a number. A comma is refused: it
 * separates decimals for some people and thousands for others.
 */
export function readNumber(text: string): number | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  return /^[-+]?(\d{1,15}(\.\d*)?|\.\d+)$/.test(trimmed) ? Number(trimmed) : Number.NaN
}

const notANumber = 'Write a number, like 250 or 12.50.'

function tightenNumber(asked: Operators, choice: FieldChoice): Tightened {
  const max = readNumber(choice.atMost) ?? asked.max
  const min = readNumber(choice.atLeast) ?? asked.min
  return (
    maxProblem(max, asked.max) ??
    minProblem(min, asked.min) ??
    rangeProblem(min, max) ??
    right({ ...asked, ...(max !== undefined && { max }), ...(min !== undefined && { min }) })
  )
}

function maxProblem(max = Infinity, asked = Infinity): Tightened | undefined {
  if (Number.isNaN(max)) return wrong('atMost', notANumber)
  if (max <= asked) return undefined
  return wrong('atMost', `The agent asked for at most ${valueWord(asked)}. Write less.`)
}

function minProblem(min = -Infinity, asked = -Infinity): Tightened | undefined {
  if (Number.isNaN(min)) return wrong('atLeast', notANumber)
  if (min >= asked) return undefined
  return wrong('atLeast', `The agent asked for at least ${valueWord(asked)}. Write more.`)
}

function rangeProblem(min = -Infinity, max = Infinity): Tightened | undefined {
  if (min <= max) return undefined
  return wrong('atMost', `Nothing lies between ${valueWord(min)} and ${valueWord(max)}.`)
}

function tightenChoice(field: LimitField, picked: readonly Primitive[]): Tightened {
  const kept = field.options.filter((option) => picked.includes(option))
  if (kept.length === 0) return wrong('picked', 'Pick at least one, or deny.')
  if (kept.length === field.options.length) return right(field.asked)
  const { not_in: _covered, ...rest } = field.asked
  return right({ ...rest, in: kept })
}

function tightenText(asked: Operators, only: string): Tightened {
  const values = readValues(only)
  if (values.length === 0) return right(asked)
  const refused = values.filter((value) => asked.not_in?.includes(value))
  if (refused.length > 0) return wrong('only', `The agent may never use ${either(refused)}.`)
  return right({ in: values })
}

function readValues(text: string): string[] {
  const values = text.split(',').map((value) => value.trim())
  return [...new Set(values.filter((value) => value !== ''))]
}

function right(operators: Operators): Tightened {
  return { ok: true, operators }
}

function wrong(control: (Tightened & { ok: false })['control'], message: string): Tightened {
  return { ok: false, control, message }
}
