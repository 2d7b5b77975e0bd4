import type { ReactNode } from 'react'
import { Navigate, Outlet, useLocation } from 'react-router'
import { useLive } from '../hooks/use-live.ts'
import { useSession } from '../hooks/use-session.ts'
import { signInPath } from '../lib/safe-next.ts'
import { FocusedLayout } from './focused-layout.tsx'
import { PageSkeleton } from './skeleton.tsx'
import { Unavailable } from './unavailable.tsx'

/** Shows its pages to a signed-in person, and sends everybody else to sign in first. */
export function RequireSession() {
  const session = useSession()
  const { pathname, search } = useLocation()
  if (session.data) {
    return (
      <Live>
        <Outlet />
      </Live>
    )
  }
  if (session.data === null) return <Navigate to={signInPath(pathname + search)} replace />
  if (session.isPending) return <PageSkeleton />
  return (
    <FocusedLayout>
      <Unavailable />
    </FocusedLayout>
  )
}

function Live({ children }: { children: ReactNode }) {
  useLive()
  return children
}
