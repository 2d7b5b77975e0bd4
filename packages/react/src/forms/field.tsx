'use client'
import { useContext, useId, type ComponentProps } from 'react'
import { FormContext } from './form-context.ts'

/** What a field takes besides the attributes of an `input`. */
export interface FieldProps extends Omit<ComponentProps<'input'>, 'name' | 'id'> {
  readonly name: string
  readonly label: string
  readonly hint?: string | undefined
}

/** A labelled input. Its line for hint or problem is always there, so that nothing moves. */
export function Field({ name, label, hint, children, ...input }: FieldProps) {
  const id = useId()
  const problem = useContext(FormContext)[name]
  const message = problem ?? hint
  return (
    <div className="cs-field">
      <label className="cs-label" htmlFor={id}>
        {label}
      </label>
      <div className="cs-control">
        <input
          {...input}
          id={id}
          name={name}
          className="cs-input"
          data-problem={problem === undefined ? undefined : ''}
          aria-invalid={problem === undefined ? undefined : true}
          aria-describedby={message === undefined ? undefined : `${id}-message`}
        />
        {children}
      </div>
      <p id={`${id}-message`} className="cs-message" data-tone={problem && 'danger'}>
        {message}
      </p>
    </div>
  )
}
