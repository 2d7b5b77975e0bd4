'use client'
import { SignOutButton, useAuth } from '@countersign/react'
import { useRouter } from 'next/navigation'

/** Says who is signed in, in the browser, in every tab. */
export function Header() {
  const { status, user } = useAuth()
  const router = useRouter()
  return (
    <header>
      <output data-status={status}>{user ? user.name : 'Nobody is signed in.'}</output>
      {user && <SignOutButton onSuccess={() => router.refresh()} />}
    </header>
  )
}
