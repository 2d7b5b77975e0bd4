import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { confirmLogout } from '../api/auth.ts'
import { Button, buttonClass } from '../components/button.tsx'
import { FocusedLayout } from '../components/focused-layout.tsx'
import { Icon } from '../components/icon.tsx'
import { Notice } from '../components/notice.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { PageSkeleton } from '../components/skeleton.tsx'
import { Unavailable } from '../components/unavailable.tsx'
import { useSession } from '../hooks/use-session.ts'
import { leave } from '../lib/leave.ts'
import { problemWords } from '../lib/problem-words.ts'

/** Where an application leads when it signs somebody out: asks while they are still signed in. */
export function SignedOutPage() {
  const session = useSession()
  const [stays, setStays] = useState(false)
  if (session.isPending) return <PageSkeleton />
  const email = session.data?.user.email
  return (
    <FocusedLayout>
      {session.data === undefined ? (
        <Unavailable />
      ) : email === undefined ? (
        <Done />
      ) : stays ? (
        <Stayed />
      ) : (
        <Question email={email} onStay={() => setStays(true)} />
      )}
    </FocusedLayout>
  )
}

function Question({ email, onStay }: { email: string; onStay: () => void }) {
  const queries = useQueryClient()
  const leaving = useMutation({
    mutationFn: async () => {
      const url = await confirmLogout()
      if (url !== undefined) await leave(url)
    },
    onSuccess: () => queries.resetQueries({ queryKey: ['session'] }),
  })
  return (
    <div className="card p-6 sm:p-8">
      <PageHeading title="Sign out?">
        <p className="wrap-anywhere">
          An app asks to sign you out here, too. You are signed in as {email}.
        </p>
      </PageHeading>
      {leaving.error !== null && (
        <div className="mt-4">
          <Notice tone="danger" alert>
            {problemWords(leaving.error)}
          </Notice>
        </div>
      )}
      <div className="mt-6 grid gap-3 sm:grid-cols-2">
        <Button tone="secondary" onClick={onStay}>
          Stay signed in
        </Button>
        <Button tone="secondary" busy={leaving.isPending} onClick={() => leaving.mutate()}>
          Sign out
        </Button>
      </div>
    </div>
  )
}

function Stayed() {
  return (
    <div className="card p-6 sm:p-8">
      <PageHeading title="You stay signed in">
        <p>Nothing has changed here. You can close this page.</p>
      </PageHeading>
      <Link to="/" className={`mt-6 ${buttonClass('secondary')}`}>
        Go to your account
      </Link>
    </div>
  )
}

function Done() {
  return (
    <div className="card p-6 sm:p-8">
      <span className="mb-4 flex size-12 items-center justify-center rounded-full bg-good-soft text-good">
        <Icon name="check" className="size-6" />
      </span>
      <PageHeading title="You are signed out">
        <p>Nobody is signed in in this browser. You can close this page.</p>
      </PageHeading>
      <Link to="/sign-in" className={`mt-6 ${buttonClass('secondary')}`}>
        Sign in again
      </Link>
    </div>
  )
}
