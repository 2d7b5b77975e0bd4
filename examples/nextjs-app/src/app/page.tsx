import Link from 'next/link'
import { currentSession } from '../session.ts'

/** Rendered on the server, for whoever asks. */
export default async function Page() {
  const session = await currentSession()
  if (session?.user) return <h1>Hello, {session.user.name}</h1>
  return (
    <>
      <h1>Hello, stranger</h1>
      <p>
        <Link href="/sign-in">Sign in</Link> or <Link href="/sign-up">create an account</Link>
      </p>
    </>
  )
}
