'use client'
import { SignInForm } from '@countersign/react'
import { useRouter } from 'next/navigation'

export default function Page() {
  const router = useRouter()
  const home = () => {
    router.push('/')
    router.refresh()
  }
  return <SignInForm onSuccess={home} />
}
