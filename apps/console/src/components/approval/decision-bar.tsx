import { useState } from 'react'
import type { ApprovalView } from '../../api/contract.ts'
import type { ChosenCapability } from '../../hooks/use-choices.ts'
import { decisionWords } from '../../lib/decision-words.ts'
import { passkeysSupported } from '../../api/auth.ts'
import { Button } from '../button.tsx'
import { CreatePasskey } from '../create-passkey.tsx'
import { Icon } from '../icon.tsx'
import { Notice } from '../notice.tsx'
import { TextField } from '../text-field.tsx'

interface DecisionBarProps {
  view: ApprovalView
  chosen: readonly ChosenCapability[]
  /** Allowing waits for fresh proof of who is there; denying never does. */
  stale: boolean
  /** The request has changed and was not read again. */
  changed: boolean
  /** Why something is denied, for the agent. */
  reason: string
  onReason: (reason: string) => void
  sending: 'approve' | 'deny' | undefined
  onDecide: (action: 'approve' | 'deny', withPasskey: boolean) => void
}

/** The two ways out, and what stands in the way of the second. */
export function DecisionBar(props: DecisionBarProps) {
  const { view, chosen, stale, changed, sending, onDecide } = props
  const allowed = chosen.filter(({ choice }) => choice.allow)
  const withPasskey = allowed.some(({ asked }) => asked.strength === 'webauthn')
  const lacksPasskey = withPasskey && !view.webauthn.available
  const nothing = chosen.length > 0 && allowed.length === 0
  const words = decisionWords({
    kind: view.kind,
    asked: chosen.length,
    allowed: allowed.length,
    withPasskey,
    changed,
    stale,
  })
  const isBlocked = [sending !== undefined, stale, changed, lacksPasskey, nothing].includes(true)
  const allow = (): void => {
    const broken = allowed.some(({ problems }) => Object.keys(problems).length > 0)
    if (broken) document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
    else onDecide('approve', withPasskey)
  }
  return (
    <div className="grid gap-4">
      {lacksPasskey && <NeedsPasskey />}
      {chosen.length > 0 && <DenialReason reason={props.reason} onReason={props.onReason} />}
      <div className="flex flex-col-reverse gap-3 sm:flex-row sm:justify-end">
        <Button
          tone="secondary"
          busy={sending === 'deny'}
          disabled={sending !== undefined}
          onClick={() => onDecide('deny', false)}
        >
          {words.deny}
        </Button>
        <Button
          busy={sending === 'approve'}
          disabled={isBlocked}
          aria-describedby="decision-hint"
          onClick={allow}
        >
          {withPasskey && <Icon name="key" />}
          {words.allow}
        </Button>
      </div>
      <p id="decision-hint" aria-live="polite" className="text-sm text-muted sm:text-right">
        {words.hint}
      </p>
    </div>
  )
}

function DenialReason({ reason, onReason }: Pick<DecisionBarProps, 'reason' | 'onReason'>) {
  const [open, setOpen] = useState(false)
  if (!open) {
    return (
      <Button tone="quiet" className="-mx-2 justify-self-start" onClick={() => setOpen(true)}>
        Say why you deny something
      </Button>
    )
  }
  return (
    <TextField
      label="Why you deny it (optional)"
      hint="The agent reads it, and so does whoever runs it."
      maxLength={500}
      autoComplete="off"
      autoFocus
      value={reason}
      onChange={(event) => onReason(event.target.value)}
    />
  )
}

/** For a person who has to make a passkey before they can allow this. */
export function NeedsPasskey() {
  return (
    <Notice tone="info">
      <p className="font-semibold">This needs a passkey, and you have none yet.</p>
      <p className="mt-1 mb-3">
        What changes things is confirmed with your fingerprint, face or screen lock.
      </p>
      {passkeysSupported ? (
        <CreatePasskey label="Create a passkey" />
      ) : (
        <p>This browser cannot make one. Open this page in another browser.</p>
      )}
    </Notice>
  )
}
