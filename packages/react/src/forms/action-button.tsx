'use client'
import type { ReactNode } from 'react'
import { useParts } from '../hooks/auth-context.ts'
import { useAction } from '../hooks/use-action.ts'
import { describeError } from '../texts/describe-error.ts'
import { Button, type ButtonTone } from './button.tsx'

interface ActionButtonProps {
  readonly action: () => Promise<unknown>
  readonly tone?: ButtonTone
  readonly icon?: string
  /** For people who do not see what it stands beside. */
  readonly label?: string
  readonly className?: string | undefined
  readonly children: ReactNode
}

/** Starts an action, once at a time, and says below itself what went wrong. */
export function ActionButton({ action, label, className, children, ...look }: ActionButtonProps) {
  const { texts } = useParts()
  const { run, pending, error } = useAction(action)
  return (
    <div className={['cs-action', className].filter(Boolean).join(' ')}>
      <Button {...look} pending={pending} aria-label={label} onClick={() => void run()}>
        {children}
      </Button>
      <p className="cs-alert" role="alert">
        {error && describeError(error, texts)}
      </p>
    </div>
  )
}
