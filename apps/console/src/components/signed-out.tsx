import { useEffect, type ReactNode } from 'react'
import { Navigate, useSearchParams } from 'react-router'
import { useOAuthRequest, useOtherAccount } from '../hooks/use-oauth-request.ts'
import { useSession } from '../hooks/use-session.ts'
import { leave } from '../lib/leave.ts'
import { asksForSignIn, authorizePath } from '../lib/oauth-request.ts'
import { safeNext } from '../lib/safe-next.ts'
import { FocusedLayout } from './focused-layout.tsx'
import { PageSkeleton } from './skeleton.tsx'
import { Unavailable } from './unavailable.tsx'

/**
 * Shows its page until somebody is signed in, then goes to `?next=` or on with an application's
 * request; unless that wants a new sign-in, or the person another account.
 */
export function SignedOut({ children }: { children: ReactNode }) {
  const session = useSession()
  const request = useOAuthRequest()
  const wantsAnother = useOtherAccount()
  const [params] = useSearchParams()
  const again = wantsAnother || (request !== null && asksForSignIn(request))
  if (session.data && !again) {
    return request === null ? (
      <Navigate to={safeNext(params.get('next'))} replace />
    ) : (
      <GoOn to={authorizePath(request)} />
    )
  }
  return (
    <FocusedLayout>
      {session.isError && session.data === undefined ? <Unavailable /> : children}
    </FocusedLayout>
  )
}

/** Goes on with the request of an application. */
function GoOn({ to }: { to: string }) {
  useEffect(() => void leave(to), [to])
  return <PageSkeleton />
}
