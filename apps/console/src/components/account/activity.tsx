import { useState } from 'react'
import type { ActivityFilter } from '../../api/agents.ts'
import type { ActivityEvent } from '../../api/contract.ts'
import { useActivity } from '../../hooks/use-agents.ts'
import { type Actor, eventWords } from '../../lib/event-words.ts'
import { fullTime } from '../../lib/time.ts'
import { Button } from '../button.tsx'
import { Icon } from '../icon.tsx'
import { SelectField } from '../select-field.tsx'
import { CardSkeletons } from '../skeleton.tsx'
import { Moment } from './facts.tsx'
import { Loaded } from './loaded.tsx'

/** Titles of capabilities by name. */
type Titles = Readonly<Record<string, string>>

interface ActivityProps {
  title: string
  /** Whose history. */
  of: Pick<ActivityFilter, 'agent_id' | 'host_id'>
  titles: Titles
  /** Names of agents by id, where the history is that of several. */
  agents?: Readonly<Record<string, string>>
}

/** What happened, newest first, with filters. */
export function Activity({ title, of, titles, agents = {} }: ActivityProps) {
  const [filter, setFilter] = useState<Omit<ActivityFilter, 'agent_id' | 'host_id'>>({})
  const activity = useActivity({ ...of, ...filter })
  const filtered = Object.values(filter).some((value) => value !== undefined)
  return (
    <section aria-labelledby="activity" className="min-w-0">
      <h2 id="activity" className="mb-3 text-lg font-semibold">
        {title}
      </h2>
      <Filters filter={filter} titles={titles} onChange={setFilter} />
      <Loaded query={activity} skeleton={<CardSkeletons count={1} className="h-64" />}>
        {({ pages }) => (
          <Timeline
            events={pages.flatMap((page) => page.events)}
            titles={titles}
            agents={agents}
            empty={filtered ? 'Nothing fits these filters.' : 'Nothing yet.'}
          />
        )}
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

const outcomes = [
  { value: '', label: 'Everything' },
  { value: 'success', label: 'What worked' },
  { value: 'refused', label: 'What was refused' },
  { value: 'failed', label: 'What failed' },
] as const

interface FiltersProps {
  filter: Omit<ActivityFilter, 'agent_id' | 'host_id'>
  titles: Titles
  onChange: (filter: FiltersProps['filter']) => void
}

function Filters({ filter, titles, onChange }: FiltersProps) {
  const capabilities = Object.entries(titles).map(([value, label]) => ({ value, label }))
  return (
    <div role="group" aria-label="Filters" className="mb-4 flex flex-wrap gap-x-4 gap-y-3">
      <SelectField
        label="Show"
        value={filter.outcome ?? ''}
        options={outcomes}
        onChange={(value) =>
          onChange({
            ...filter,
            outcome: outcomes.find((one) => one.value === value)?.value || undefined,
          })
        }
      />
      {capabilities.length > 0 && (
        <SelectField
          label="About"
          value={filter.capability ?? ''}
          options={[{ value: '', label: 'Anything' }, ...capabilities]}
          onChange={(value) => onChange({ ...filter, capability: value || undefined })}
        />
      )}
    </div>
  )
}

interface TimelineProps {
  events: readonly ActivityEvent[]
  titles: Titles
  agents: Readonly<Record<string, string>>
  empty: string
}

function Timeline({ events, titles, agents, empty }: TimelineProps) {
  return (
    <>
      <p role="status" className="sr-only">
        {events.length === 0 ? empty : `${events.length} shown`}
      </p>
      {events.length === 0 ? (
        <p className="card p-5 text-muted sm:p-6">{empty}</p>
      ) : (
        <ol className="card px-5 py-2 sm:px-6">
          {events.map((event) => (
            <TimelineEvent
              key={event.id}
              event={event}
              titles={titles}
              agent={agents[event.agent_id ?? '']}
            />
          ))}
        </ol>
      )}
    </>
  )
}

interface TimelineEventProps {
  event: ActivityEvent
  titles: Titles
  /** Which agent it is about, where there are several. */
  agent: string | undefined
}

function TimelineEvent({ event, titles, agent }: TimelineEventProps) {
  const { what, by, more, ending } = eventWords(event, titles)
  const worked = event.outcome === 'success'
  return (
    <li className="flex gap-3 border-b border-line py-3 last:border-b-0">
      <Icon
        name={worked ? 'check' : 'cross'}
        className={`mt-1 size-4 ${worked ? 'text-good' : 'text-danger'}`}
      />
      <div className="min-w-0 flex-1">
        <p className="wrap-anywhere">{what}</p>
        {more !== '' && <p className="text-sm text-muted wrap-anywhere">{more}</p>}
        {ending !== '' && <p className="text-sm text-danger wrap-anywhere">{ending}</p>}
        <p className="text-sm text-muted wrap-anywhere">
          {whoWords(by, agent)} · <Moment at={event.at} />
          <span className="sr-only">, {fullTime(event.at)}</span>
        </p>
      </div>
    </li>
  )
}

/** Who did it, and which agent it concerns where there are several. */
function whoWords(by: Actor, agent: string | undefined): string {
  if (agent === undefined) return by
  return by === 'The agent' ? agent : `${by} · ${agent}`
}
