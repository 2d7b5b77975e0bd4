import { useId, useLayoutEffect, useRef, type ChangeEvent } from 'react'
import { formatUserCode, readUserCode } from '../lib/user-code.ts'
import { FieldProblem } from './text-field.tsx'

interface CodeFieldProps {
  value: string
  onChange: (value: string) => void
  problem?: string | undefined
}

/** One field for the eight letters, shown in two groups whatever way they were typed or pasted. */
export function CodeField({ value, onChange, problem }: CodeFieldProps) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const caret = useRef<number>(undefined)
  useLayoutEffect(() => {
    // Formatting moves the caret to the end; put it back behind the letter that was typed.
    if (caret.current !== undefined) input.current?.setSelectionRange(caret.current, caret.current)
    caret.current = undefined
  })
  const change = (event: ChangeEvent<HTMLInputElement>): void => {
    const { value: text, selectionStart } = event.target
    const before = readUserCode(text.slice(0, selectionStart ?? text.length)).length
    caret.current = before > 4 ? before + 1 : before
    onChange(formatUserCode(text))
  }
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        Code
      </label>
      <input
        ref={input}
        id={id}
        name="code"
        value={value}
        onChange={change}
        placeholder="––––-––––"
        autoComplete="one-time-code"
        autoCapitalize="characters"
        autoCorrect="off"
        spellCheck={false}
        autoFocus
        aria-invalid={problem === undefined ? undefined : true}
        aria-describedby={problem === undefined ? `${id}-hint` : `${id}-hint ${id}-problem`}
        className="field min-h-14 text-center font-mono text-2xl tracking-[0.18em] uppercase"
      />
      <p id={`${id}-hint`} className="mt-1.5 text-sm text-muted">
        Eight letters. Capitals and the dash do not matter.
      </p>
      <div role="alert">
        {problem !== undefined && <FieldProblem id={`${id}-problem`} text={problem} />}
      </div>
    </div>
  )
}
