import { useId, type ComponentProps, type ReactNode } from 'react'
import { Icon } from './icon.tsx'

interface Described {
  label: string
  hint?: string | undefined
  problem?: string | undefined
}

interface TextFieldProps extends ComponentProps<'input'>, Described {}

/** A labelled input with its hint and its problem tied to it. */
export function TextField({ label, hint, problem, className = '', ...input }: TextFieldProps) {
  const described = { label, hint, problem, className }
  return <DescribedField {...described}>{(ties) => <input {...input} {...ties} />}</DescribedField>
}

interface TextAreaProps extends ComponentProps<'textarea'>, Described {}

/** The same with several lines. */
export function TextArea({ label, hint, problem, className = '', ...area }: TextAreaProps) {
  const described = { label, hint, problem, className }
  return (
    <DescribedField {...described}>{(ties) => <textarea {...area} {...ties} />}</DescribedField>
  )
}

/** What ties a control to its label, hint and problem. */
type Ties = Pick<ComponentProps<'input'>, 'id' | 'className' | 'aria-invalid' | 'aria-describedby'>

interface DescribedFieldProps extends Described {
  className: string
  children: (ties: Ties) => ReactNode
}

function DescribedField({ label, hint, problem, className, children }: DescribedFieldProps) {
  const id = useId()
  const described = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ')
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        {label}
      </label>
      {children({
        id,
        className: 'field',
        'aria-invalid': problem === undefined ? undefined : true,
        'aria-describedby': described === '' ? undefined : described,
      })}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="mt-1.5 text-sm text-muted">
          {hint}
        </p>
      )}
      {problem !== undefined && <FieldProblem id={`${id}-problem`} text={problem} />}
    </div>
  )
}

/** What is wrong with a control, below it. */
export function FieldProblem({ id, text }: { id: string; text: string }) {
  return (
    <p id={id} className="mt-1.5 flex items-start gap-1.5 text-sm font-medium text-danger">
      <Icon name="warning" className="mt-0.5 size-4" />
      {text}
    </p>
  )
}
