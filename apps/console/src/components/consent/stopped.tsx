import type { ReactNode } from 'react'
import { buttonClass } from '../button.tsx'
import { Icon } from '../icon.tsx'
import { PageHeading } from '../page-heading.tsx'

interface StoppedProps {
  title: string
  text: string
  /** Where a fresh start is, on this server. */
  again?: string | undefined
  children?: ReactNode
}

/** A request that ended before it was decided: what happened, and the way on. */
export function Stopped({ title, text, again, children }: StoppedProps) {
  return (
    <section className="card p-6 sm:p-8">
      <span className="mb-4 flex size-12 items-center justify-center rounded-full bg-sunken text-muted">
        <Icon name="info" className="size-6" />
      </span>
      <PageHeading title={title}>
        <p>{text}</p>
      </PageHeading>
      {children}
      {again !== undefined && (
        // A page of the server, not of this console: the browser has to ask for it.
        <a href={again} className={`mt-6 ${buttonClass('secondary')}`}>
          Start it again
        </a>
      )}
    </section>
  )
}
