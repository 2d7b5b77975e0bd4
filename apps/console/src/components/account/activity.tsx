import type { ActivityEvent, AgentView } from '../../api/contract.ts'
import { useActivity } from '../../hooks/use-agents.ts'
import { eventWords } from '../../lib/event-words.ts'
import { Button } from '../button.tsx'
import { Icon } from '../icon.tsx'
import { CardSkeletons } from '../skeleton.tsx'
import { Moment } from './facts.tsx'
import { Loaded } from './loaded.tsx'

/** What an agent did and what happened to it, newest first. */
export function Activity({ agent }: { agent: AgentView }) {
  const activity = useActivity(agent.agent_id)
  const titles = Object.fromEntries(agent.grants.map((grant) => [grant.capability, grant.title]))
  return (
    <section aria-labelledby="activity" className="min-w-0">
      <h2 id="activity" className="mb-3 text-lg font-semibold">
        What it did
      </h2>
      <Loaded query={activity} skeleton={<CardSkeletons count={1} className="h-64" />}>
        {({ pages }) => <Timeline events={pages.flatMap((page) => page.events)} titles={titles} />}
      </Loaded>
      {activity.hasNextPage && (
        <Button
          tone="secondary"
          className="mt-4"
          busy={activity.isFetchingNextPage}
          onClick={() => void activity.fetchNextPage()}
        >
          Show earlier
        </Button>
      )}
    </section>
  )
}

interface TimelineProps {
  events: readonly ActivityEvent[]
  titles: Readonly<Record<string, string>>
}

function Timeline({ events, titles }: TimelineProps) {
  if (events.length === 0) return <p className="card p-5 text-muted sm:p-6">Nothing yet.</p>
  return (
    <ol className="card px-5 py-2 sm:px-6">
      {events.map((event) => (
        <TimelineEvent key={event.id} event={event} titles={titles} />
      ))}
    </ol>
  )
}

function TimelineEvent({
  event,
  titles,
}: {
  event: ActivityEvent
  titles: TimelineProps['titles']
}) {
  const { what, ending } = eventWords(event, titles)
  const worked = event.outcome === 'success'
  return (
    <li className="flex gap-3 border-b border-line py-3 last:border-b-0">
      <Icon
        name={worked ? 'check' : 'cross'}
        className={`mt-1 size-4 ${worked ? 'text-good' : 'text-danger'}`}
      />
      <div className="min-w-0 flex-1">
        <p className="wrap-anywhere">{what}</p>
        {ending !== '' && <p className="text-sm text-danger wrap-anywhere">{ending}</p>}
        <p className="text-sm text-muted">
          <Moment at={event.at} />
        </p>
      </div>
    </li>
  )
}
