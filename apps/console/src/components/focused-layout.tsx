import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { Wordmark } from './mark.tsx'

interface FocusedLayoutProps {
  children: ReactNode
  /** `narrow` for a form, `wide` for a decision. */
  width?: 'narrow' | 'wide'
  aside?: ReactNode
}

/** A page about one thing: the mark above, one column below. */
export function FocusedLayout({ children, width = 'narrow', aside }: FocusedLayoutProps) {
  const size = width === 'narrow' ? 'max-w-104' : 'max-w-170'
  return (
    <div className={`mx-auto flex min-h-dvh w-full flex-col px-4 pb-16 ${size}`}>
      <header className="flex min-h-16 flex-wrap items-center justify-between gap-x-4 py-3 sm:min-h-24">
        <Link to="/" aria-label="Countersign, home" className="-ml-1 rounded-md p-1">
          <Wordmark />
        </Link>
        {aside}
      </header>
      <main className="w-full">{children}</main>
    </div>
  )
}
