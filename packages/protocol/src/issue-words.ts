import type * as z from 'zod'

type Issue = z.core.$ZodRawIssue

/**
 * What is wrong with a value, for whoever sent it: what it must be. A schema that says it in words of
 * its own is not asked here; `undefined` leaves it to Zod.
 */
export function issueWords(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing'
      return `must be ${kinds[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`
    case 'too_big':
      return `must ${amount(issue.origin, 'at most', Number(issue.maximum))}`
    case 'too_small':
      return `must ${amount(issue.origin, 'at least', Number(issue.minimum))}`
    case 'unrecognized_keys':
      return `has what is not known here: ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`
    case 'invalid_format':
      return issue.format === 'url' ? 'must be a URL' : undefined
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'invalid_union':
      return undefined
  }
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
}

const parts: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
}

function amount(origin: string, bound: string, count: number): string {
  const words = parts[origin]
  if (!words) return `be ${bound} ${count}`
  return `have ${bound} ${count} ${count === 1 ? words[0] : words[1]}`
}
