import { useState, type SubmitEvent } from 'react'
import { Link, useLocation, useSearchParams } from 'react-router'
import { passkeysSupported, signInWithPasskey, signInWithPassword } from '../api/auth.ts'
import { Button } from '../components/button.tsx'
import { Icon } from '../components/icon.tsx'
import { Notice } from '../components/notice.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { SignedOut } from '../components/signed-out.tsx'
import { TextField } from '../components/text-field.tsx'
import { useSignIn } from '../hooks/use-sign-in.ts'
import { problemWords } from '../lib/problem-words.ts'
import { safeNext } from '../lib/safe-next.ts'

/** Signs a person in with a password or a passkey. */
export function SignInPage() {
  const [params] = useSearchParams()
  const { search } = useLocation()
  const forAgent = /^\/(auth\/)?device\b/.test(safeNext(params.get('next')))
  return (
    <SignedOut>
      <div className="card p-6 sm:p-8">
        <PageHeading title="Sign in">
          {forAgent && <p>An agent waits for your decision. Sign in to see what it asks.</p>}
        </PageHeading>
        <PasswordForm />
        {passkeysSupported && <PasskeyButton />}
      </div>
      <p className="mt-6 text-center text-muted">
        <Link to={`/forgot-password${search}`} className="link">
          Forgot your password?
        </Link>
      </p>
      <p className="mt-2 text-center text-muted">
        New here?{' '}
        <Link to={`/sign-up${search}`} className="link">
          Create an account
        </Link>
      </p>
    </SignedOut>
  )
}

function PasswordForm() {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const signIn = useSignIn(() => signInWithPassword(email.trim(), password))
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (!signIn.isPending) signIn.mutate()
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
      <TextField
        label="Password"
        type="password"
        name="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {signIn.error !== null && (
        <Notice tone="danger" alert>
          {problemWords(signIn.error)}
        </Notice>
      )}
      <Button type="submit" busy={signIn.isPending} className="w-full">
        Sign in
      </Button>
    </form>
  )
}

function PasskeyButton() {
  const signIn = useSignIn(signInWithPasskey)
  return (
    <div className="mt-5 grid gap-4 border-t border-line pt-5">
      <Button
        tone="secondary"
        className="w-full"
        busy={signIn.isPending}
        onClick={() => signIn.mutate()}
      >
        <Icon name="key" />
        Sign in with a passkey
      </Button>
      {signIn.error !== null && (
        <Notice tone="danger" alert>
          {problemWords(signIn.error)}
        </Notice>
      )}
    </div>
  )
}
