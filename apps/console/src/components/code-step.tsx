import { useState, type SubmitEvent } from 'react'
import type { SecondFactor } from '../api/auth.ts'
import { problemWords } from '../lib/problem-words.ts'
import { Button } from './button.tsx'
import { Notice } from './notice.tsx'
import { TextField } from './text-field.tsx'

interface CodeStepProps {
  busy: boolean
  error: unknown
  onSubmit: (factor: SecondFactor) => void
  onCancel: () => void
}

/** The second step of a sign-in: a code of the authenticator app, or one that was kept. */
export function CodeStep({ busy, error, onSubmit, onCancel }: CodeStepProps) {
  const [kind, setKind] = useState<SecondFactor['kind']>('app')
  const [code, setCode] = useState('')
  const [trustDevice, setTrustDevice] = useState(false)
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (!busy) onSubmit({ kind, code, trustDevice })
  }
  const change = (): void => {
    setKind(kind === 'app' ? 'backup' : 'app')
    setCode('')
  }
  return (
    <form onSubmit={submit} className="grid gap-4">
      <CodeInput key={kind} kind={kind} code={code} onChange={setCode} />
      <label className="flex min-h-10 items-center gap-2.5">
        <input
          type="checkbox"
          checked={trustDevice}
          onChange={(event) => setTrustDevice(event.target.checked)}
          className="size-4.5 accent-accent"
        />
        Do not ask again in this browser for 30 days
      </label>
      {error !== null && error !== undefined && (
        <Notice tone="danger" alert>
          {problemWords(error)}
        </Notice>
      )}
      <Button type="submit" busy={busy} className="w-full">
        Continue
      </Button>
      <div className="flex flex-wrap justify-between gap-2">
        <Button tone="quiet" className="-mx-2" onClick={change}>
          {kind === 'app' ? 'Use a backup code' : 'Use the authenticator app'}
        </Button>
        <Button tone="quiet" className="-mx-2" onClick={onCancel}>
          Start over
        </Button>
      </div>
    </form>
  )
}

interface CodeInputProps {
  kind: SecondFactor['kind']
  code: string
  onChange: (code: string) => void
}

function CodeInput({ kind, code, onChange }: CodeInputProps) {
  const isApp = kind === 'app'
  return (
    <TextField
      label={isApp ? 'Code' : 'Backup code'}
      hint={
        isApp
          ? 'Six digits. Your authenticator app shows them.'
          : 'One of those you kept when you set this up. Each works once.'
      }
      name="code"
      autoComplete="one-time-code"
      inputMode={isApp ? 'numeric' : 'text'}
      pattern={isApp ? '\\s*(\\d\\s*){6}' : undefined}
      maxLength={isApp ? 12 : 40}
      spellCheck={false}
      autoFocus
      required
      value={code}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}
