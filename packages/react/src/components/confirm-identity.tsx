'use client'
import { useState } from 'react'
import { ActionButton } from '../forms/action-button.tsx'
import { AuthForm } from '../forms/auth-form.tsx'
import { Button } from '../forms/button.tsx'
import { Card } from '../forms/card.tsx'
import { PasswordField } from '../forms/password-field.tsx'
import { useParts } from '../hooks/auth-context.ts'
import { useAuth } from '../hooks/use-auth.ts'
import { CodeForm } from './code-form.tsx'

interface ConfirmIdentityProps {
  readonly onDone: () => Promise<unknown>
  readonly onCancel: () => void
}

/** Asks the person who is signed in to prove it again, where a server wants fresh proof. */
export function ConfirmIdentity({ onDone, onCancel }: ConfirmIdentityProps) {
  const { texts, actions } = useParts()
  const { user } = useAuth()
  const [email] = useState(user?.email ?? '')
  const [coded, setCoded] = useState(false)
  if (coded) return <CodeForm onSuccess={() => void onDone()} onBack={() => setCoded(false)} />

  const submit = async (values: Readonly<Record<string, string>>): Promise<void> => {
    const next = await actions.signInWithPassword({ email, password: values['password'] ?? '' })
    if (next === 'two-factor') setCoded(true)
    else await onDone()
  }
  const prove = async (): Promise<void> => {
    await actions.signInWithPasskey()
    await onDone()
  }
  return (
    <Card name="confirm-identity" title={texts.confirmTitle} text={texts.confirmText} focused>
      <AuthForm
        label={texts.confirmTitle}
        submit={texts.confirmSubmit}
        onSubmit={submit}
        faults={{ INVALID_EMAIL_OR_PASSWORD: 'password' }}
        buttons={
          <Button tone="quiet" onClick={onCancel}>
            {texts.cancel}
          </Button>
        }
      >
        {/* Tells password managers whose password it is. */}
        <input type="email" autoComplete="username" value={email} readOnly hidden />
        <PasswordField autoComplete="current-password" />
      </AuthForm>
      <ActionButton action={prove} icon="key">
        {texts.confirmWithPasskey}
      </ActionButton>
    </Card>
  )
}
