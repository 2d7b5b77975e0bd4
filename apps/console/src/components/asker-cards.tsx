import { useId, type ReactNode } from 'react'
import { Icon } from './icon.tsx'

/** What the server itself checked about who asks, as `Fact`s. It comes before anything the asker says. */
export function CheckedFacts({ children }: { children: ReactNode }) {
  const id = useId()
  return (
    <section aria-labelledby={id} className="card overflow-hidden">
      <h2
        id={id}
        className="flex items-center gap-2 border-b border-line px-5 py-3 font-semibold sm:px-6"
      >
        <Icon name="shield" className="size-5 text-accent" />
        What we checked
      </h2>
      <dl className="grid gap-x-6 gap-y-3.5 px-5 py-4 sm:grid-cols-[9rem_1fr] sm:px-6">
        {children}
      </dl>
    </section>
  )
}

/** One checked fact, its name beside it where there is room. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-6 gap-y-1 sm:col-span-2 sm:grid-cols-subgrid">
      <dt className="text-sm leading-6 text-muted">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  )
}

/** What the asker says about itself: always quoted, never a link, never taken for true. */
export function UncheckedClaims({ children }: { children: ReactNode }) {
  const id = useId()
  return (
    <section aria-labelledby={id} className="card overflow-hidden border-dashed">
      <h2
        id={id}
        className="flex flex-wrap items-center gap-x-2 border-b border-dashed border-line px-5 py-3 font-semibold sm:px-6"
      >
        <Icon name="quote" className="size-5 text-muted" />
        What it says about itself
        <span className="text-sm font-normal text-muted">Nobody has checked this.</span>
      </h2>
      <div className="grid gap-2 px-5 py-4 sm:px-6">{children}</div>
    </section>
  )
}
