'use client'
import { useState } from 'react'
import { AuthForm } from '../forms/auth-form.tsx'
import { Card, type CardProps } from '../forms/card.tsx'
import { EmailField } from '../forms/email-field.tsx'
import { useParts } from '../hooks/auth-context.ts'
import { useReturnedError } from '../hooks/use-returned-error.ts'
import { InboxPanel } from './inbox-panel.tsx'

/** Options of {@link ForgotPasswordForm}. */
export interface ForgotPasswordFormProps extends CardProps {
  /** Your page with {@link ResetPasswordForm}. @default the server's `mail.resetPath` */
  readonly resetURL?: string
}

/** Sends a link for a new password. The answer does not tell whether there is such an account. */
export function ForgotPasswordForm({ resetURL, ...card }: ForgotPasswordFormProps) {
  const { texts, actions } = useParts()
  const [email, setEmail] = useState('')
  const [sent, setSent] = useState(false)
  const returned = useReturnedError()
  const send = (to: string) => actions.requestPasswordReset({ email: to, returnTo: resetURL })
  if (sent) {
    const { title: _, ...panel } = card
    const back = () => setSent(false)
    return (
      <InboxPanel {...panel} kind="reset" email={email} resend={() => send(email)} onBack={back} />
    )
  }
  const submit = async (values: Readonly<Record<string, string>>): Promise<void> => {
    const given = values['email'] ?? ''
    setEmail(given)
    await send(given)
    setSent(true)
  }
  const title = card.title === undefined ? texts.forgotTitle : card.title
  return (
    <Card {...card} name="forgot-password" title={title} text={texts.forgotText}>
      <AuthForm
        label={texts.forgotTitle}
        submit={texts.forgotSubmit}
        onSubmit={submit}
        faults={{ INVALID_EMAIL: 'email' }}
        notice={returned}
      >
        <EmailField defaultValue={email} />
      </AuthForm>
    </Card>
  )
}
