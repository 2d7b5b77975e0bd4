import type { ReactNode } from 'react'
import { envFile } from '../../lib/client-words.ts'
import { CopyBlock } from '../copy-line.tsx'
import { Notice } from '../notice.tsx'

interface SecretCardProps {
  title: string
  clientId: string
  clientSecret: string | null | undefined
  scopes: readonly string[]
  children?: ReactNode
}

/** The settings of an application, with its secret while it is known. */
export function SecretCard({ title, clientId, clientSecret, scopes, children }: SecretCardProps) {
  return (
    <section aria-labelledby="settings" className="card grid gap-4 p-5 sm:p-6">
      <h2 id="settings" className="text-lg font-semibold">
        {title}
      </h2>
      {clientSecret && (
        <Notice tone="warn" alert>
          <p className="font-semibold">The secret is shown only now.</p>
          <p className="mt-1">
            Keep it on the server of the app: never in a browser, an app on a phone, or a
            repository.
          </p>
        </Notice>
      )}
      <CopyBlock
        label="Settings for .env"
        text={envFile({ issuer: location.origin, clientId, clientSecret, scopes })}
      />
      {children}
    </section>
  )
}
