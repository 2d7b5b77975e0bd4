'use client'
import { useParts } from '../hooks/auth-context.ts'
import { Field, type FieldProps } from './field.tsx'

/** An e-mail address, which password managers take for the name of the account. */
export function EmailField(props: Omit<FieldProps, 'label' | 'type' | 'name'>) {
  const { texts } = useParts()
  return (
    <Field
      autoComplete="username"
      {...props}
      name="email"
      label={texts.email}
      type="email"
      inputMode="email"
      required
      maxLength={254}
      spellCheck={false}
      autoCapitalize="none"
    />
  )
}
