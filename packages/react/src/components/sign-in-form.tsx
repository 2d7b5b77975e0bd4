'use client'
import { useState } from 'react'
import { asAuthError } from '../http/auth-error.ts'
import { ActionButton } from '../forms/action-button.tsx'
import { AuthForm, type Values } from '../forms/auth-form.tsx'
import { Card, type CardProps } from '../forms/card.tsx'
import { EmailField } from '../forms/email-field.tsx'
import { PasswordField } from '../forms/password-field.tsx'
import { useParts } from '../hooks/auth-context.ts'
import { useOnSignedIn } from '../hooks/use-on-signed-in.ts'
import { usePasskeyAutofill } from '../hooks/use-passkey-autofill.ts'
import { useReturnedError } from '../hooks/use-returned-error.ts'
import { CodeForm } from './code-form.tsx'
import { InboxPanel } from './inbox-panel.tsx'
import { ProviderButtons, type Provider } from './provider-buttons.tsx'

/** Options of {@link SignInForm}. */
export interface SignInFormProps extends CardProps {
  /** Providers people can sign in with. @default [] */
  readonly providers?: readonly Provider[]
  /** Whether to offer passkeys: as a button, and in the e-mail field. @default true */
  readonly passkeys?: boolean
  /** Where a provider sends the browser back to. @default the current page */
  readonly returnTo?: string
  /** Called once somebody is signed in, also by a provider that leads back here or in another tab. */
  readonly onSuccess?: () => void
}

type Step =
  | { readonly name: 'credentials' }
  | { readonly name: 'code' }
  | { readonly name: 'inbox' }

/** Signs in with a password, a passkey or a provider, and asks for a code when the account has one. */
export function SignInForm(props: SignInFormProps) {
  const { title, footer, className } = props
  const { texts, actions } = useParts()
  const [step, setStep] = useState<Step>({ name: 'credentials' })
  const [email, setEmail] = useState('')
  useOnSignedIn(props.onSuccess)
  const back = () => setStep({ name: 'credentials' })

  const submit = async (values: Values): Promise<void> => {
    const given = values['email'] ?? ''
    setEmail(given)
    try {
      const next = await actions.signInWithPassword({
        email: given,
        password: values['password'] ?? '',
      })
      if (next === 'two-factor') setStep({ name: 'code' })
    } catch (cause) {
      if (asAuthError(cause).code !== 'EMAIL_NOT_VERIFIED') throw cause
      setStep({ name: 'inbox' })
    }
  }

  if (step.name === 'code') {
    return <CodeForm className={className} onBack={back} />
  }
  if (step.name === 'inbox') {
    return <InboxPanel kind="verify" email={email} className={className} onBack={back} />
  }
  return (
    <Card
      name="sign-in"
      title={title === undefined ? texts.signIn : title}
      footer={footer}
      className={className}
    >
      <Credentials {...props} email={email} onSubmit={submit} />
    </Card>
  )
}

interface CredentialsProps extends SignInFormProps {
  readonly email: string
  readonly onSubmit: (values: Values) => Promise<void>
}

function Credentials(props: CredentialsProps) {
  const { providers = [], passkeys = true, returnTo, onSubmit, email } = props
  const { texts, actions } = useParts()
  const returned = useReturnedError()
  const autofill = usePasskeyAutofill(passkeys)
  const signInWithPasskey = async (): Promise<void> => {
    autofill.stop()
    await actions.signInWithPasskey()
  }
  return (
    <>
      <AuthForm
        label={texts.signIn}
        submit={texts.signIn}
        onSubmit={onSubmit}
        faults={{ INVALID_EMAIL_OR_PASSWORD: 'password', INVALID_EMAIL: 'email' }}
        notice={autofill.error ?? returned}
      >
        <EmailField
          defaultValue={email}
          autoComplete={passkeys ? 'username webauthn' : 'username'}
        />
        <PasswordField autoComplete="current-password" />
      </AuthForm>
      {(passkeys || providers.length > 0) && <p className="cs-or">{texts.or}</p>}
      {passkeys && (
        <ActionButton action={signInWithPasskey} icon="key">
          {texts.signInWithPasskey}
        </ActionButton>
      )}
      <ProviderButtons providers={providers} returnTo={returnTo} />
    </>
  )
}
