import { useState, type SubmitEvent } from 'react'
import { Link, useLocation, useSearchParams } from 'react-router'
import {
  passkeysSupported,
  signInWithCode,
  signInWithPasskey,
  signInWithPassword,
  type SecondFactor,
} from '../api/auth.ts'
import { BackInApp } from '../components/back-in-app.tsx'
import { Button } from '../components/button.tsx'
import { CodeStep } from '../components/code-step.tsx'
import { Icon } from '../components/icon.tsx'
import { Notice } from '../components/notice.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { SignedOut } from '../components/signed-out.tsx'
import { TextField } from '../components/text-field.tsx'
import { useOAuthRequest, useOtherAccount } from '../hooks/use-oauth-request.ts'
import { useSession } from '../hooks/use-session.ts'
import { useSignIn } from '../hooks/use-sign-in.ts'
import { hasCode } from '../lib/api-error.ts'
import { asksForTwoFactors, expectedEmail } from '../lib/oauth-request.ts'
import { problemWords } from '../lib/problem-words.ts'
import { safeNext } from '../lib/safe-next.ts'
import { signInReason } from '../lib/sign-in-words.ts'

/** Signs a person in with a password or a passkey, and a code where they set that up. */
export function SignInPage() {
  return (
    <SignedOut>
      <SignIn />
    </SignedOut>
  )
}

function SignIn() {
  const [step, setStep] = useState<'credentials' | 'code'>('credentials')
  const [opened, setOpened] = useState<string>()
  if (opened !== undefined) return <BackInApp title="You are signed in" url={opened} />
  if (step === 'code') {
    return <SecondStep onOpened={setOpened} onCancel={() => setStep('credentials')} />
  }
  return <FirstStep onOpened={setOpened} onCode={() => setStep('code')} />
}

interface StepProps {
  /** The sign-in ended in an app on this device. */
  onOpened: (url: string) => void
}

function FirstStep({ onOpened, onCode }: StepProps & { onCode: () => void }) {
  const { search } = useLocation()
  const reason = useReason()
  return (
    <>
      <div className="card p-6 sm:p-8">
        <PageHeading title="Sign in">{reason !== undefined && <p>{reason}</p>}</PageHeading>
        <PasswordForm onOpened={onOpened} onCode={onCode} />
        {passkeysSupported && <PasskeyButton onOpened={onOpened} />}
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
    </>
  )
}

function useReason(): string | undefined {
  const [params] = useSearchParams()
  const next = safeNext(params.get('next'))
  const request = useOAuthRequest()
  return signInReason({
    isRequest: request !== null,
    wantsTwoFactors: request !== null && asksForTwoFactors(request),
    wantsAnother: useOtherAccount(),
    signedInAs: useSession().data?.user.email,
    next,
  })
}

/** The address to begin with: of the person who has to sign in again, or whom the application expects. */
function useFirstEmail(): string {
  const request = useOAuthRequest()
  const wantsAnother = useOtherAccount()
  const email = useSession().data?.user.email
  if (email !== undefined && !wantsAnother) return email
  return request === null || wantsAnother ? '' : expectedEmail(request)
}

function PasswordForm({ onOpened, onCode }: StepProps & { onCode: () => void }) {
  const back = useLocation()
  const [typed, setTyped] = useState<string>()
  // Who is signed in may be known only after the form is there.
  const first = useFirstEmail()
  const email = typed ?? first
  const [password, setPassword] = useState('')
  const signIn = useSignIn((_: void, oauthQuery) =>
    signInWithPassword(email.trim(), password, { oauthQuery, back: `/sign-in${back.search}` }),
  )
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (signIn.isPending) return
    signIn.mutate(undefined, {
      onSuccess: ({ opened }) => opened !== undefined && onOpened(opened),
      onError: (error) => hasCode(error, 'two_factor_required') && onCode(),
    })
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
        onChange={(event) => setTyped(event.target.value)}
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

function PasskeyButton({ onOpened }: StepProps) {
  const signIn = useSignIn((_: void, oauthQuery) => signInWithPasskey(oauthQuery))
  const start = (): void =>
    signIn.mutate(undefined, {
      onSuccess: ({ opened }) => opened !== undefined && onOpened(opened),
    })
  return (
    <div className="mt-5 grid gap-4 border-t border-line pt-5">
      <Button tone="secondary" className="w-full" busy={signIn.isPending} onClick={start}>
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

function SecondStep({ onOpened, onCancel }: StepProps & { onCancel: () => void }) {
  const signIn = useSignIn(signInWithCode)
  const submit = (factor: SecondFactor): void =>
    signIn.mutate(factor, {
      onSuccess: ({ opened }) => opened !== undefined && onOpened(opened),
    })
  return (
    <div className="card p-6 sm:p-8">
      <PageHeading title="Enter your code" keepFocus>
        <p>Your password was right. This is the second step that you set up.</p>
      </PageHeading>
      <div className="mt-6">
        <CodeStep
          busy={signIn.isPending}
          error={signIn.error}
          onSubmit={submit}
          onCancel={onCancel}
        />
      </div>
    </div>
  )
}
