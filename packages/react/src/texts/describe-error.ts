import { asAuthError } from '../http/auth-error.ts'
import { fill, resolveTexts, type AuthTexts } from './texts.ts'

/** Says what went wrong and what to do, in a person's words and never as a code. */
export function describeError(cause: unknown, texts: AuthTexts = resolveTexts()): string {
  const { status, code, message, retryAfter } = asAuthError(cause)
  if (status === 429) return tooMany(retryAfter, texts)
  const known = Object.hasOwn(texts.errors, code) ? texts.errors[code] : undefined
  if (known !== undefined) return known
  if (status >= 500) return texts.errors['unreachable'] ?? ''
  // A sentence is meant for people: a hook of the server said no in its own words.
  return isSentence(message) ? message : (texts.errors['unknown'] ?? '')
}

function tooMany(retryAfter: number | undefined, texts: AuthTexts): string {
  if (retryAfter === undefined) return texts.errors['tooMany'] ?? ''
  if (retryAfter < 60) return fill(texts.retryInSeconds, { count: Math.max(2, retryAfter) })
  const count = Math.ceil(retryAfter / 60)
  return count === 1 ? texts.retryInMinute : fill(texts.retryInMinutes, { count })
}

function isSentence(message: string): boolean {
  return message.length <= 200 && /^\p{Lu}.* .*[.!?]$/u.test(message)
}
