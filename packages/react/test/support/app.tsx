import { useEffect, useState, type MouseEvent, type ReactNode } from 'react'
import {
  AuthProvider,
  ForgotPasswordForm,
  InvitationBanner,
  OrgSwitcher,
  PasskeyManager,
  RequireActiveOrg,
  RequireSession,
  ResetPasswordForm,
  safeReturnPath,
  SignInForm,
  SignOutButton,
  SignUpForm,
  TwoFactorManager,
  useAuth,
  VerifyEmailForm,
} from '../../src/index.ts'

interface AppProps {
  /** Path with query, which a server knows, too. */
  readonly url: string
  readonly initialSession?: object | null | undefined
}

/** An application as somebody would write it with this package, with a router of ten lines. */
export function App({ url, initialSession }: AppProps) {
  const [path, setPath] = useState(url)
  const go = (to: string): void => {
    history.pushState(null, '', to)
    setPath(to)
  }
  return (
    <AuthProvider initialSession={initialSession} refetchAfter={0}>
      <Status />
      <main>
        <Page url={path} go={go} />
      </main>
    </AuthProvider>
  )
}

/** What `useAuth` says, where a test can watch it. Several consumers, as in a real page. */
function Status() {
  const { status } = useAuth()
  const again = useAuth()
  useEffect(() => {
    // For tests that have to wait until what the server rendered works.
    document.documentElement.dataset['ready'] = ''
  }, [])
  return (
    <header>
      <output id="status">{status}</output> <span id="who">{again.user?.email ?? 'nobody'}</span>
    </header>
  )
}

interface PageProps {
  readonly url: string
  readonly go: (to: string) => void
}

function Page({ url, go }: PageProps): ReactNode {
  const { pathname, searchParams } = new URL(url, 'http://app.invalid')
  const link = (to: string, text: string) => (
    <a
      href={to}
      onClick={(event: MouseEvent) => {
        event.preventDefault()
        go(to)
      }}
    >
      {text}
    </a>
  )
  const home = () => go(safeReturnPath(searchParams.get('return'), '/account'))
  const footer = (
    <>
      {link('/forgot-password', 'Forgot your password?')}
      {link('/sign-up', 'Create an account')}
    </>
  )
  switch (pathname) {
    case '/sign-in':
      return (
        <SignInForm
          footer={footer}
          passkeys={!searchParams.has('plain')}
          providers={providersOf(searchParams)}
          onSuccess={home}
        />
      )
    case '/sign-up':
      return <SignUpForm verifiedURL="/sign-in?plain" onSuccess={home} />
    case '/forgot-password':
      return <ForgotPasswordForm resetURL="/reset-password" />
    case '/reset-password':
      return <ResetPasswordForm footer={link('/sign-in?plain', 'Sign in')} />
    case '/verify-email':
      return <VerifyEmailForm />
    case '/account':
      return (
        <RequireSession navigate={go} fallback={<p id="waiting">…</p>}>
          <Account />
        </RequireSession>
      )
    default:
      return <h1>Home</h1>
  }
}

function providersOf(query: URLSearchParams) {
  if (query.has('plain')) return []
  return [{ id: query.get('provider') ?? 'google', name: query.get('provider') ?? 'Google' }]
}

function Account() {
  const { user } = useAuth()
  return (
    <div className="stack">
      <h1>Hello {user?.name}</h1>
      <InvitationBanner />
      <OrgSwitcher />
      <RequireActiveOrg>
        <p id="inside">Inside an organization</p>
      </RequireActiveOrg>
      <PasskeyManager />
      <TwoFactorManager />
      <SignOutButton />
    </div>
  )
}
