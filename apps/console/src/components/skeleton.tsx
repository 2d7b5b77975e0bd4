/** A grey stand-in with the size of what is loading. */
export function Skeleton({ className }: { className: string }) {
  return <div className={`animate-pulse rounded-lg bg-line/70 ${className}`} aria-hidden />
}

/** Stand-ins for a list of cards. */
export function CardSkeletons({ count, className }: { count: number; className: string }) {
  return (
    <div role="status" className="grid gap-4">
      <span className="sr-only">Loading</span>
      {Array.from({ length: count }, (_, index) => (
        <Skeleton key={index} className={`rounded-[0.875rem] ${className}`} />
      ))}
    </div>
  )
}

/** Stands in while a page's code arrives. */
export function PageSkeleton() {
  return (
    <main className="mx-auto w-full max-w-2xl px-4 pt-24" aria-busy>
      <h1 className="sr-only">Countersign</h1>
      <CardSkeletons count={2} className="h-40" />
    </main>
  )
}

/** Stands in for a request while it is read. */
export function RequestSkeleton() {
  return (
    <div className="grid gap-5">
      <div>
        <h1 className="sr-only">What is asked</h1>
        <Skeleton className="h-9 w-4/5" />
        <Skeleton className="mt-2 h-6 w-1/2" />
      </div>
      <CardSkeletons count={2} className="h-56" />
    </div>
  )
}
