import type { ReactNode } from 'react'
import { Navigate, useSearchParams } from 'react-router'
import { useSession } from '../hooks/use-session.ts'
import { safeNext } from '../lib/safe-next.ts'
import { FocusedLayout } from './focused-layout.tsx'
import { Unavailable } from './unavailable.tsx'

/** Shows its page until somebody is signed in, then goes to `?next=`. */
export function SignedOut({ children }: { children: ReactNode }) {
  const session = useSession()
  const [params] = useSearchParams()
  if (session.data) return <Navigate to={safeNext(params.get('next'))} replace />
  return (
    <FocusedLayout>
      {session.isError && session.data === undefined ? <Unavailable /> : children}
    </FocusedLayout>
  )
}
