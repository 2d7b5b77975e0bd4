import { useIsFetching, useQueryClient } from '@tanstack/react-query'
import { Button } from './button.tsx'
import { PageHeading } from './page-heading.tsx'

/** Says that the server is away. Goes by itself: queries keep asking (see `createQueryClient`). */
export function Unavailable() {
  const queries = useQueryClient()
  const trying = useIsFetching() > 0
  return (
    <section className="py-10 sm:py-16">
      <PageHeading title="Not available right now">
        <p role="status">
          The server cannot be reached. Nothing is lost: this page comes back by itself as soon as
          it answers.
        </p>
      </PageHeading>
      <Button
        tone="secondary"
        className="mt-6"
        busy={trying}
        onClick={() => void queries.refetchQueries({ type: 'active' })}
      >
        Try now
      </Button>
    </section>
  )
}

/** Says that what is on screen is the last known state. */
export function StaleNotice() {
  return (
    <p role="status" className="mb-4 rounded-lg bg-warn-soft px-3.5 py-2.5 text-sm text-warn">
      The server cannot be reached. You see the last known state; it updates by itself.
    </p>
  )
}
