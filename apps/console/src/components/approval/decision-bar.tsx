import type { ApprovalView } from '../../api/contract.ts'
import type { ChosenCapability } from '../../hooks/use-choices.ts'
import { passkeysSupported } from '../../api/auth.ts'
import { Button } from '../button.tsx'
import { CreatePasskey } from '../create-passkey.tsx'
import { Icon } from '../icon.tsx'
import { Notice } from '../notice.tsx'

interface DecisionBarProps {
  view: ApprovalView
  chosen: readonly ChosenCapability[]
  /** Allowing waits for fresh proof of who is there; denying never does. */
  stale: boolean
  sending: 'approve' | 'deny' | undefined
  onDecide: (action: 'approve' | 'deny', withPasskey: boolean) => void
}

/** The two ways out, and what stands in the way of the second. */
export function DecisionBar({ view, chosen, stale, sending, onDecide }: DecisionBarProps) {
  const allowed = chosen.filter(({ choice }) => choice.allow)
  const withPasskey = allowed.some(({ asked }) => asked.strength === 'webauthn')
  const lacksPasskey = withPasskey && !view.webauthn.available
  const nothing = chosen.length > 0 && allowed.length === 0
  const allow = (): void => {
    const broken = allowed.some(({ problems }) => Object.keys(problems).length > 0)
    if (broken) document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
    else onDecide('approve', withPasskey)
  }
  return (
    <div className="grid gap-4">
      {lacksPasskey && <NeedsPasskey />}
      <div className="flex flex-col-reverse gap-3 sm:flex-row sm:justify-end">
        <Button
          tone="secondary"
          busy={sending === 'deny'}
          disabled={sending !== undefined}
          onClick={() => onDecide('deny', false)}
        >
          Deny all
        </Button>
        <Button
          busy={sending === 'approve'}
          disabled={sending !== undefined || stale || lacksPasskey || nothing}
          aria-describedby="decision-hint"
          onClick={allow}
        >
          {withPasskey && <Icon name="key" />}
          {allowLabel(chosen.length, withPasskey)}
        </Button>
      </div>
      <p id="decision-hint" aria-live="polite" className="text-sm text-muted sm:text-right">
        {stale
          ? 'Confirm it is you before you allow anything.'
          : decisionHint({ count: chosen.length, allowed: allowed.length, withPasskey })}
      </p>
    </div>
  )
}

function allowLabel(count: number, withPasskey: boolean): string {
  if (count === 0) return 'Connect agent'
  return withPasskey ? 'Allow selected with passkey' : 'Allow selected'
}

function decisionHint(of: { count: number; allowed: number; withPasskey: boolean }): string {
  if (of.count === 0) return 'The agent is connected, and may do nothing yet.'
  if (of.allowed === 0) return 'Nothing is selected. Switch something on, or deny all.'
  const passkey = of.withPasskey ? ' Your device will ask for your passkey.' : ''
  return `${of.allowed} of ${of.count} will be allowed.${passkey}`
}

function NeedsPasskey() {
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
