import type { ReactNode } from 'react'
import { useNow } from '../../hooks/use-now.ts'
import { fromNow, fullTime } from '../../lib/time.ts'

/** A row of short facts, separated by space. */
export function FactRow({ children }: { children: ReactNode }) {
  return <dl className="flex flex-wrap gap-x-8 gap-y-3 text-sm">{children}</dl>
}

/** One named fact. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-muted">{name}</dt>
      <dd className="font-medium tabular-nums wrap-anywhere">{children}</dd>
    </div>
  )
}

/** A moment relative to now, in full on hover. */
export function Moment({ at, never = 'Never' }: { at: string | null; never?: string }) {
  const now = useNow(30_000)
  if (at === null) return never
  return (
    <time dateTime={at} title={fullTime(at)}>
      {fromNow(at, now)}
    </time>
  )
}
