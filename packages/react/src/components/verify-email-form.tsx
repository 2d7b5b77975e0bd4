'use client'
import { useState } from 'react'
import { AuthForm } from '../forms/auth-form.tsx'
import { Card, type CardProps } from '../forms/card.tsx'
import { EmailField } from '../forms/email-field.tsx'
import { useParts } from '../hooks/auth-context.ts'
import { useAuth } from '../hooks/use-auth.ts'
import { useReturnedError } from '../hooks/use-returned-error.ts'
import { InboxPanel } from './inbox-panel.tsx'

/** Options of {@link VerifyEmailForm}. */
export interface VerifyEmailFormProps extends CardProps {
  /** Where the link of the e-mail ends: your sign-in page. @default '/' */
  readonly verifiedURL?: string
}

/**
 * Sends the link that confirms an address, and says why the last one did not work when a link led
 * here with an error.
 */
export function VerifyEmailForm({ verifiedURL = '/', ...card }: VerifyEmailFormProps) {
  const { texts, actions } = useParts()
  const { user } = useAuth()
  const [email, setEmail] = useState<string>()
  const [sent, setSent] = useState(false)
  const returned = useReturnedError()
  const send = (to: string) => actions.sendVerificationEmail({ email: to, returnTo: verifiedURL })
  if (sent && email !== undefined) {
    const { title: _, ...panel } = card
    const back = () => setSent(false)
    return (
      <InboxPanel {...panel} kind="again" email={email} resend={() => send(email)} onBack={back} />
    )
  }
  const submit = async (values: Readonly<Record<string, string>>): Promise<void> => {
    const given = values['email'] ?? ''
    setEmail(given)
    await send(given)
    setSent(true)
  }
  const title = card.title === undefined ? texts.verifyTitle : card.title
  return (
    <Card {...card} name="verify-email" title={title} text={texts.verifyText}>
      <AuthForm
        label={texts.verifyTitle}
        submit={texts.verifySubmit}
        onSubmit={submit}
        faults={{
          INVALID_EMAIL: 'email',
          EMAIL_MISMATCH: 'email',
          EMAIL_ALREADY_VERIFIED: 'email',
        }}
        notice={returned}
      >
        <EmailField key={user?.id} defaultValue={email ?? user?.email} />
      </AuthForm>
    </Card>
  )
}
