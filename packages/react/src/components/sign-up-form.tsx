'use client'
import { useState } from 'react'
import { AuthForm, type Values } from '../forms/auth-form.tsx'
import { Card, type CardProps } from '../forms/card.tsx'
import { EmailField } from '../forms/email-field.tsx'
import { Field } from '../forms/field.tsx'
import { PasswordField } from '../forms/password-field.tsx'
import { useParts } from '../hooks/auth-context.ts'
import { useOnSignedIn } from '../hooks/use-on-signed-in.ts'
import { InboxPanel } from './inbox-panel.tsx'
import { ProviderButtons, type Provider } from './provider-buttons.tsx'

/** Options of {@link SignUpForm}. */
export interface SignUpFormProps extends CardProps {
  /** Providers people can sign up with. @default [] */
  readonly providers?: readonly Provider[]
  /** Where a provider sends the browser back to. @default the current page */
  readonly returnTo?: string
  /** Where the link of the verification e-mail ends: your sign-in page. @default '/' */
  readonly verifiedURL?: string
  /** Called once somebody is signed in; not while the address waits to be confirmed. */
  readonly onSuccess?: () => void
}

const faults = {
  INVALID_EMAIL: 'email',
  USER_ALREADY_EXISTS: 'email',
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: 'email',
  PASSWORD_TOO_SHORT: 'password',
  PASSWORD_TOO_LONG: 'password',
}

/** Creates an account. What was typed stays when it fails. */
export function SignUpForm(props: SignUpFormProps) {
  const { providers = [], returnTo, verifiedURL = '/', onSuccess, ...card } = props
  const { texts, actions } = useParts()
  const [account, setAccount] = useState({ name: '', email: '' })
  const [sent, setSent] = useState(false)
  useOnSignedIn(onSuccess)
  const submit = async (values: Values): Promise<void> => {
    const { name = '', email = '', password = '' } = values
    setAccount({ name, email })
    const next = await actions.signUp({ name, email, password, verifiedURL })
    if (next === 'verify-email') setSent(true)
  }
  if (sent) {
    const resend = () =>
      actions.sendVerificationEmail({ email: account.email, returnTo: verifiedURL })
    const back = () => setSent(false)
    return (
      <InboxPanel
        kind="verify"
        email={account.email}
        className={card.className}
        footer={card.footer}
        resend={resend}
        onBack={back}
      />
    )
  }
  return (
    <Card {...card} name="sign-up" title={card.title === undefined ? texts.signUp : card.title}>
      <AuthForm label={texts.signUp} submit={texts.signUpSubmit} onSubmit={submit} faults={faults}>
        <Field
          name="name"
          label={texts.name}
          autoComplete="name"
          defaultValue={account.name}
          required
          maxLength={200}
        />
        <EmailField defaultValue={account.email} />
        <PasswordField autoComplete="new-password" minLength={8} hint={texts.passwordHint} />
      </AuthForm>
      {providers.length > 0 && <p className="cs-or">{texts.or}</p>}
      <ProviderButtons providers={providers} returnTo={returnTo} />
    </Card>
  )
}
