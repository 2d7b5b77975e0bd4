import { useId, type ComponentProps } from 'react'
import { FieldProblem } from './text-field.tsx'

interface TextAreaProps extends ComponentProps<'textarea'> {
  label: string
  hint?: string | undefined
  problem?: string | undefined
}

/** A labelled field of several lines with its hint and its problem tied to it. */
export function TextArea({ label, hint, problem, className = '', ...field }: TextAreaProps) {
  const id = useId()
  const described = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ')
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        {label}
      </label>
      <textarea
        {...field}
        id={id}
        className="field"
        aria-invalid={problem === undefined ? undefined : true}
        aria-describedby={described === '' ? undefined : described}
      />
      {hint !== undefined && (
        <p id={`${id}-hint`} className="mt-1.5 text-sm text-muted">
          {hint}
        </p>
      )}
      {problem !== undefined && <FieldProblem id={`${id}-problem`} text={problem} />}
    </div>
  )
}
