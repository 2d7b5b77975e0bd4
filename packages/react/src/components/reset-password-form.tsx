'use client'
import { useState } from 'react'
import { AuthError } from '../http/auth-error.ts'
import { AuthForm } from '../forms/auth-form.tsx'
import { Card, type CardProps } from '../forms/card.tsx'
import { PasswordField } from '../forms/password-field.tsx'
import { useParts } from '../hooks/auth-context.ts'
import { useReturnedError } from '../hooks/use-returned-error.ts'

/** Options of {@link ResetPasswordForm}. */
export interface ResetPasswordFormProps extends CardProps {
  /** The token of the e-mail. @default `token` in the page's query */
  readonly token?: string
  /** Called when the new password is saved. Nobody is signed in then. */
  readonly onSuccess?: () => void
}

const faults = { PASSWORD_TOO_SHORT: 'password', PASSWORD_TOO_LONG: 'password' }

/** Takes a new password from somebody who came by the link of an e-mail. */
export function ResetPasswordForm({ token, onSuccess, ...card }: ResetPasswordFormProps) {
  const { texts, actions } = useParts()
  const [done, setDone] = useState(false)
  const returned = useReturnedError()
  if (done) {
    return (
      <Card
        {...card}
        name="reset-done"
        title={texts.resetDoneTitle}
        text={texts.resetDone}
        focused
      />
    )
  }
  const submit = async (values: Readonly<Record<string, string>>): Promise<void> => {
    const given = token ?? new URLSearchParams(location.search).get('token')
    if (!given) throw new AuthError(400, 'INVALID_TOKEN')
    await actions.resetPassword({ token: given, newPassword: values['password'] ?? '' })
    setDone(true)
    onSuccess?.()
  }
  const title = card.title === undefined ? texts.resetTitle : card.title
  return (
    <Card {...card} name="reset-password" title={title}>
      <AuthForm
        label={texts.resetTitle}
        submit={texts.resetSubmit}
        onSubmit={submit}
        faults={faults}
        notice={returned}
      >
        <PasswordField
          label={texts.newPassword}
          autoComplete="new-password"
          minLength={8}
          hint={texts.passwordHint}
        />
      </AuthForm>
    </Card>
  )
}
