import { useState, type SubmitEvent } from 'react'
import { formatUserCode, userCodeProblem } from '../../lib/user-code.ts'
import { Button } from '../button.tsx'
import { CodeField } from '../code-field.tsx'
import { PageHeading } from '../page-heading.tsx'

interface CodeEntryProps {
  code: string
  /** What the server said about the code shown. */
  problem?: string | undefined
  busy: boolean
  onSubmit: (code: string) => void
}

/** Asks for the code that the agent shows. */
export function CodeEntry({ code, problem, busy, onSubmit }: CodeEntryProps) {
  const [text, setText] = useState(formatUserCode(code))
  const [checked, setChecked] = useState(code !== '')
  const ownProblem = checked ? userCodeProblem(text) : undefined
  const serverProblem = text === formatUserCode(code) ? problem : undefined
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setChecked(true)
    if (!busy && userCodeProblem(text) === undefined) onSubmit(text)
  }
  return (
    <div className="card p-6 sm:p-8">
      <PageHeading title="Enter the code" keepFocus>
        <p>Your agent, app or device shows a code. Enter it to see what it asks for.</p>
      </PageHeading>
      <form onSubmit={submit} noValidate className="mt-6 grid max-w-88 gap-5">
        <CodeField
          value={text}
          problem={ownProblem ?? serverProblem}
          onChange={(value) => {
            setText(value)
            setChecked(false)
          }}
        />
        <Button type="submit" busy={busy} className="w-full">
          Continue
        </Button>
      </form>
      <p className="mt-6 border-t border-line pt-5 text-sm text-muted">
        Nobody should send you a code by message or telephone. If somebody did, close this page.
      </p>
    </div>
  )
}
