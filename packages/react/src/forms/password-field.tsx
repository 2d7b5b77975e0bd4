'use client'
import { useState } from 'react'
import { useParts } from '../hooks/auth-context.ts'
import { Field, type FieldProps } from './field.tsx'

interface PasswordFieldProps extends Omit<FieldProps, 'label' | 'type' | 'name'> {
  readonly label?: string
  readonly name?: string
  /** `new-password` where one is chosen. */
  readonly autoComplete: 'current-password' | 'new-password'
}

/** A password, which can be looked at. */
export function PasswordField({ label, name = 'password', ...props }: PasswordFieldProps) {
  const { texts } = useParts()
  const [shown, setShown] = useState(false)
  return (
    <Field
      {...props}
      name={name}
      label={label ?? texts.password}
      type={shown ? 'text' : 'password'}
      data-password=""
      required
      maxLength={128}
      spellCheck={false}
      autoCapitalize="none"
    >
      <button
        type="button"
        className="cs-reveal"
        aria-pressed={shown}
        aria-label={texts.showPassword}
        onClick={() => setShown(!shown)}
      />
    </Field>
  )
}
