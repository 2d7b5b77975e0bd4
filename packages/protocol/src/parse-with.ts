import type * as z from 'zod'
import { ProtocolError } from './errors.ts'
import { issueWords } from './issue-words.ts'

/** A schema issue that stands for one of our own refusals, so that its code is not lost. */
interface Refusal {
  readonly code: 'custom'
  readonly message: string
  readonly params: { readonly refusal: ProtocolError }
}

/** Checks a value against a schema, or throws one readable `invalid_request`. */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const result = schema.safeParse(value, { error: issueWords })
  if (result.success) return result.data
  throw issuesToError(result.error.issues)
}

/** Turns schema issues into the error the client gets: the first one, and where it is. */
export function issuesToError(issues: readonly z.core.$ZodIssue[]): ProtocolError {
  const [issue] = issues
  if (!issue) return new ProtocolError('invalid_request')

  const where = pathToText(issue.path)
  const message = where === '' ? issue.message : `${where}: ${issue.message}`
  const refusal = issue.code === 'custom' ? issue.params?.['refusal'] : undefined
  if (!(refusal instanceof ProtocolError)) return new ProtocolError('invalid_request', { message })
  return new ProtocolError(refusal.code, {
    message,
    ...(refusal.details && { details: refusal.details }),
    cause: refusal,
  })
}

/** Runs a check that throws a {@link ProtocolError} inside a schema. */
export function checkedBy<T>(check: (value: unknown) => T) {
  return (value: unknown, context: { addIssue(issue: Refusal): void }): T | undefined => {
    try {
      return check(value)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      context.addIssue({ code: 'custom', message: error.message, params: { refusal: error } })
      return undefined
    }
  }
}

function pathToText(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '')
}
