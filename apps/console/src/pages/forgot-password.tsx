import { useMutation } from '@tanstack/react-query'
import { useState, type SubmitEvent } from 'react'
import { Link, useLocation } from 'react-router'
import { requestPasswordReset } from '../api/auth.ts'
import { Button } from '../components/button.tsx'
import { Notice } from '../components/notice.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { SignedOut } from '../components/signed-out.tsx'
import { TextField } from '../components/text-field.tsx'
import { problemWords } from '../lib/problem-words.ts'

/** Sends a link with which a person types a new password. */
export function ForgotPasswordPage() {
  const { search } = useLocation()
  return (
    <SignedOut>
      <div className="card p-6 sm:p-8">
        <PageHeading title="Forgot your password?">
          <p>We send you a link. With it you choose a new one.</p>
        </PageHeading>
        <AskForm />
      </div>
      <p className="mt-6 text-center text-muted">
        <Link to={`/sign-in${search}`} className="link">
          Back to sign-in
        </Link>
      </p>
    </SignedOut>
  )
}

function AskForm() {
  const [email, setEmail] = useState('')
  const { search } = useLocation()
  const asking = useMutation({
    mutationFn: () => requestPasswordReset(email.trim(), `/reset-password${search}`),
  })
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (!asking.isPending) asking.mutate()
  }
  return (
    <form onSubmit={submit} className="mt-6 grid gap-4">
      <TextField
        label="E-mail"
        type="email"
        name="email"
        autoComplete="username"
        required
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      {asking.isSuccess && (
        <Notice tone="good" alert>
          If there is an account with this e-mail, the link is on its way. It works once, for an
          hour.
        </Notice>
      )}
      {asking.error !== null && (
        <Notice tone="danger" alert>
          {problemWords(asking.error)}
        </Notice>
      )}
      <Button type="submit" busy={asking.isPending} className="w-full">
        Send the link
      </Button>
    </form>
  )
}
