'use client'
import { useState } from 'react'
import { AuthForm } from '../forms/auth-form.tsx'
import { Field } from '../forms/field.tsx'
import { useParts } from '../hooks/auth-context.ts'
import { asAuthError, type AuthError } from '../http/auth-error.ts'
import { ConfirmIdentity } from './confirm-identity.tsx'

/** Makes a passkey, after a fresh proof of who is there when the server wants one. */
export function AddPasskey({ onAdded }: { readonly onAdded: () => Promise<void> }) {
  const { texts, actions } = useParts()
  const [name, setName] = useState('')
  const [confirming, setConfirming] = useState(false)
  const [failure, setFailure] = useState<AuthError>()
  const [added, setAdded] = useState(0)

  const add = async (given: string): Promise<void> => {
    await actions.addPasskey(given)
    setName('')
    // Another form, which is empty.
    setAdded((count) => count + 1)
    await onAdded()
  }
  const submit = async (values: Readonly<Record<string, string>>): Promise<void> => {
    const given = values['name'] ?? ''
    setFailure(undefined)
    try {
      await add(given)
    } catch (cause) {
      if (asAuthError(cause).code !== 'SESSION_NOT_FRESH') throw cause
      setName(given)
      setConfirming(true)
    }
  }
  const goOn = async (): Promise<void> => {
    await add(name).catch((cause: unknown) => setFailure(asAuthError(cause)))
    setConfirming(false)
  }
  if (confirming) return <ConfirmIdentity onDone={goOn} onCancel={() => setConfirming(false)} />
  return (
    <AuthForm
      key={added}
      label={texts.passkeyAdd}
      submit={texts.passkeyAdd}
      onSubmit={submit}
      notice={failure}
    >
      <Field
        name="name"
        label={texts.passkeyName}
        hint={texts.passkeyNameHint}
        defaultValue={name}
        autoComplete="off"
        maxLength={60}
      />
    </AuthForm>
  )
}
