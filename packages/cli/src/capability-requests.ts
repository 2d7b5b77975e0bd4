import type { CapabilityRequest, Constraints } from '@countersign/agent'
import type { CommandOption, Input } from './command.ts'
import { parseJsonObject } from './json-input.ts'
import { UsageError } from './usage-error.ts'

/** Options of every command that asks for capabilities. */
export const requestOptions = {
  capabilities: { type: 'list', value: '<name>...', summary: 'What the agent asks to be allowed' },
  constraints: {
    type: 'string',
    value: '<json>',
    summary: `Limits, as '{"transfer_money": {"amount": {"max": 200}}}'`,
  },
  reason: { type: 'string', value: '<text>', summary: 'Why, for the person who approves' },
} satisfies Record<string, CommandOption>

/** Options of every command a person may have to approve. */
export const waitOptions = {
  'no-open': { type: 'boolean', summary: 'Do not open a browser' },
  'no-wait': { type: 'boolean', summary: 'Do not wait for the decision' },
} satisfies Record<string, CommandOption>

/** Puts `--capabilities` and `--constraints` together. */
export function readCapabilityRequests(input: Input): CapabilityRequest[] {
  const names = [...new Set(input.list('capabilities'))]
  if (names.includes('')) throw new UsageError('--capabilities has an empty name.')
  const text = input.text('constraints')
  const constraints = text === undefined ? {} : parseJsonObject(text, '--constraints')
  for (const [name, value] of Object.entries(constraints)) {
    if (!names.includes(name)) {
      throw new UsageError(`--constraints limits ${name}, which is not in --capabilities.`)
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new UsageError(
        `--constraints of ${name} must be an object, as in {"amount": {"max": 200}}.`,
      )
    }
  }
  return names.map((name) =>
    Object.hasOwn(constraints, name)
      ? { name, constraints: constraints[name] as Constraints }
      : name,
  )
}
