import { useId, type ReactNode } from 'react'
import { FieldProblem } from './text-field.tsx'

const chip =
  'relative inline-flex min-h-10 items-center gap-2 rounded-lg border border-control px-3.5 py-1.5 font-medium transition-colors hover:bg-sunken has-checked:border-accent has-checked:bg-accent-soft has-checked:text-accent has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent'

interface ChipGroupProps {
  legend: string
  children: ReactNode
  problem?: string | undefined
}

/** A named group of chips. */
export function ChipGroup({ legend, children, problem }: ChipGroupProps) {
  const id = useId()
  return (
    <fieldset aria-describedby={problem === undefined ? undefined : id}>
      <legend className="mb-1.5 text-sm font-medium">{legend}</legend>
      <div className="flex flex-wrap gap-2">{children}</div>
      {problem !== undefined && <FieldProblem id={id} text={problem} />}
    </fieldset>
  )
}

interface ChipProps {
  type: 'radio' | 'checkbox'
  name: string
  label: string
  checked: boolean
  onChange: (checked: boolean) => void
  invalid?: boolean
}

/** A radio button or checkbox with the size of a finger; a tick shows it is chosen. */
export function Chip({ type, name, label, checked, onChange, invalid = false }: ChipProps) {
  return (
    <label className={chip}>
      <input
        type={type}
        name={name}
        checked={checked}
        aria-invalid={invalid || undefined}
        onChange={(event) => onChange(event.target.checked)}
        className="size-4 accent-accent outline-none"
      />
      {label}
    </label>
  )
}
