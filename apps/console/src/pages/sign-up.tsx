import { useState, type SubmitEvent } from 'react'
import { Link, useLocation } from 'react-router'
import { BackInApp } from '../components/back-in-app.tsx'
import { signUp } from '../api/auth.ts'
import { Button } from '../components/button.tsx'
import { Notice } from '../components/notice.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { SignedOut } from '../components/signed-out.tsx'
import { TextField } from '../components/text-field.tsx'
import { useSignIn } from '../hooks/use-sign-in.ts'
import { problemWords } from '../lib/problem-words.ts'

/** Makes an account. */
export function SignUpPage() {
  const { search } = useLocation()
  return (
    <SignedOut>
      <div className="card p-6 sm:p-8">
        <PageHeading title="Create an account">
          <p>Here you decide what your agents may do, and stop them at any time.</p>
        </PageHeading>
        <SignUpForm />
      </div>
      <p className="mt-6 text-center text-muted">
        Have an account?{' '}
        <Link to={`/sign-in${search}`} className="link">
          Sign in
        </Link>
      </p>
    </SignedOut>
  )
}

function SignUpForm() {
  const [account, setAccount] = useState({ name: '', email: '', password: '' })
  const { search } = useLocation()
  const creation = useSignIn((_: void, oauthQuery) =>
    signUp({ ...account, email: account.email.trim() }, { oauthQuery, back: `/sign-in${search}` }),
  )
  const field = (name: keyof typeof account) => ({
    name,
    required: true,
    value: account[name],
    onChange: (event: { target: HTMLInputElement }) =>
      setAccount({ ...account, [name]: event.target.value }),
  })
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (!creation.isPending) creation.mutate(undefined)
  }
  if (creation.data?.opened !== undefined) {
    return <BackInApp title="Your account is made" url={creation.data.opened} />
  }
  return (
    <form onSubmit={submit} className="mt-6 grid gap-4">
      <TextField label="Name" autoComplete="name" {...field('name')} />
      <TextField label="E-mail" type="email" autoComplete="username" {...field('email')} />
      <TextField
        label="Password"
        hint="At least 8 characters. A passkey can be added later."
        type="password"
        autoComplete="new-password"
        minLength={8}
        {...field('password')}
      />
      {creation.data?.letter && (
        <Notice tone="good" alert>
          We sent an e-mail to {account.email.trim()}. Follow the link in it, then sign in.
        </Notice>
      )}
      {creation.error !== null && (
        <Notice tone="danger" alert>
          {problemWords(creation.error)}
        </Notice>
      )}
      <Button type="submit" busy={creation.isPending} className="w-full">
        Create account
      </Button>
    </form>
  )
}
