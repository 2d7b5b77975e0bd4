'use client'
import { useParts } from '../hooks/auth-context.ts'
import { Field } from './field.tsx'

/** Six digits of an authenticator app, which browsers and phones can fill in. */
export function CodeField({ autoFocus = false }: { readonly autoFocus?: boolean }) {
  const { texts } = useParts()
  return (
    <Field
      name="code"
      label={texts.code}
      autoComplete="one-time-code"
      inputMode="numeric"
      pattern="\s*(\d\s*){6}"
      maxLength={12}
      required
      autoFocus={autoFocus}
      data-code=""
    />
  )
}
