import '@countersign/react/theme.css'
import { AuthProvider, publicSession } from '@countersign/react'
import type { ReactNode } from 'react'
import { currentSession } from '../session.ts'
import { Header } from './header.tsx'

export default async function Layout({ children }: { children: ReactNode }) {
  // The browser knows from the start who is signed in: nothing flickers, nothing is asked twice.
  const session = publicSession(await currentSession())
  return (
    <html lang="en">
      <body>
        <AuthProvider initialSession={session}>
          <Header />
          <main>{children}</main>
        </AuthProvider>
      </body>
    </html>
  )
}
