'use client'
import type { ReactNode } from 'react'
import { ActionButton } from '../forms/action-button.tsx'
import { useParts } from '../hooks/auth-context.ts'

/** Options of {@link SignOutButton}. */
export interface SignOutButtonProps {
  /** Called when nobody is signed in any more. */
  readonly onSuccess?: () => void
  readonly className?: string
  readonly children?: ReactNode
}

/** Signs this browser out, in every tab. */
export function SignOutButton({ onSuccess, className, children }: SignOutButtonProps) {
  const { texts, store } = useParts()
  const signOut = async (): Promise<void> => {
    await store.signOut()
    onSuccess?.()
  }
  return (
    <ActionButton action={signOut} className={className}>
      {children ?? texts.signOut}
    </ActionButton>
  )
}
