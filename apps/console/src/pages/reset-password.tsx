import { useMutation } from '@tanstack/react-query'
import { useState, type SubmitEvent } from 'react'
import { Link, useSearchParams } from 'react-router'
import { resetPassword } from '../api/auth.ts'
import { Button } from '../components/button.tsx'
import { Notice } from '../components/notice.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { SignedOut } from '../components/signed-out.tsx'
import { TextField } from '../components/text-field.tsx'
import { problemWords } from '../lib/problem-words.ts'

/** Takes a new password from somebody who followed the link of a letter. */
export function ResetPasswordPage() {
  const [params] = useSearchParams()
  const token = params.get('token')
  return (
    <SignedOut>
      <div className="card p-6 sm:p-8">
        <PageHeading title="Choose a new password" />
        {token === null ? <DeadLink /> : <NewPasswordForm token={token} />}
      </div>
    </SignedOut>
  )
}

function DeadLink() {
  return (
    <div className="mt-6 grid gap-4">
      <Notice tone="warn">This link has expired, or it has been used.</Notice>
      <Link to={`/forgot-password${useOnward()}`} className="link">
        Ask for a new one
      </Link>
    </div>
  )
}

function NewPasswordForm({ token }: { token: string }) {
  const [password, setPassword] = useState('')
  const saving = useMutation({ mutationFn: () => resetPassword(token, password) })
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (!saving.isPending) saving.mutate()
  }
  if (saving.isSuccess) return <Saved />
  return (
    <form onSubmit={submit} className="mt-6 grid gap-4">
      <TextField
        label="New password"
        hint="At least 8 characters. Everywhere else you are signed out."
        type="password"
        name="password"
        autoComplete="new-password"
        minLength={8}
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {saving.error !== null && (
        <Notice tone="danger" alert>
          {problemWords(saving.error)}
        </Notice>
      )}
      <Button type="submit" busy={saving.isPending} className="w-full">
        Save the password
      </Button>
    </form>
  )
}

function Saved() {
  return (
    <div className="mt-6 grid gap-4">
      <Notice tone="good" alert>
        Your new password is saved.
      </Notice>
      <Link to={`/sign-in${useOnward()}`} className="link">
        Sign in
      </Link>
    </div>
  )
}

/** The query with which the person came to sign in: what the letter's link added is left out. */
function useOnward(): string {
  const [params] = useSearchParams()
  const onward = new URLSearchParams(params)
  onward.delete('token')
  onward.delete('error')
  return onward.size === 0 ? '' : `?${onward}`
}
