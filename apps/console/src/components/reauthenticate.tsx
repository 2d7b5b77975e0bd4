import { useId, useState, type SubmitEvent } from 'react'
import { passkeysSupported } from '../api/auth.ts'
import { useReauthentication } from '../hooks/use-reauthentication.ts'
import { useSession } from '../hooks/use-session.ts'
import { hasCode } from '../lib/api-error.ts'
import { problemWords } from '../lib/problem-words.ts'
import { Button } from './button.tsx'
import { CodeStep } from './code-step.tsx'
import { Notice } from './notice.tsx'
import { TextField } from './text-field.tsx'

interface ReauthenticateProps {
  /** Why proof is asked for now. */
  reason: string
  onDone: () => void
  onCancel?: () => void
}

/** Asks for fresh proof of who is there, in place. */
export function Reauthenticate({ reason, onDone, onCancel }: ReauthenticateProps) {
  const id = useId()
  const [password, setPassword] = useState('')
  const email = useSession().data?.user.email ?? ''
  const proof = useReauthentication(onDone)
  if (hasCode(proof.error, 'two_factor_required') || proof.variables?.method === 'code') {
    return (
      <section aria-labelledby={id} className="card p-5 sm:p-6">
        <h2 id={id} className="mb-4 text-lg font-semibold">
          Enter your code
        </h2>
        <CodeStep
          busy={proof.isPending}
          error={proof.variables?.method === 'code' ? proof.error : null}
          onSubmit={(factor) => proof.mutate({ method: 'code', factor })}
          onCancel={proof.reset}
        />
      </section>
    )
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (!proof.isPending) proof.mutate({ method: 'password', password })
  }
  return (
    <section aria-labelledby={id} className="card p-5 sm:p-6">
      <h2 id={id} className="text-lg font-semibold">
        Confirm it is you
      </h2>
      <p className="mt-1 mb-4 text-muted">{reason}</p>
      <form onSubmit={submit} className="grid gap-4">
        <input type="email" name="email" value={email} autoComplete="username" readOnly hidden />
        <TextField
          label="Your password"
          hint={`Signed in as ${email}`}
          type="password"
          name="password"
          autoComplete="current-password"
          // It appears because of what the person just pressed, so that is where they go on.
          autoFocus={onCancel !== undefined}
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        {proof.error !== null && (
          <Notice tone="danger" alert>
            {problemWords(proof.error)}
          </Notice>
        )}
        <div className="flex flex-wrap gap-3">
          <Button type="submit" busy={proof.isPending}>
            Confirm
          </Button>
          {passkeysSupported && (
            <Button
              tone="secondary"
              busy={proof.isPending}
              onClick={() => proof.mutate({ method: 'passkey' })}
            >
              Confirm with a passkey
            </Button>
          )}
          {onCancel !== undefined && (
            <Button tone="quiet" onClick={onCancel}>
              Not now
            </Button>
          )}
        </div>
      </form>
    </section>
  )
}
