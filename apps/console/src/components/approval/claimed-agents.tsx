import type { ClaimPreview } from '../../api/contract.ts'
import { useClaim, useGrantable } from '../../hooks/use-agents.ts'
import { eventWords } from '../../lib/event-words.ts'
import { agentsWord } from '../../lib/host-words.ts'
import { capitalise } from '../../lib/words.ts'
import { Moment } from '../account/facts.tsx'
import { Loaded } from '../account/loaded.tsx'
import { Icon } from '../icon.tsx'
import { CardSkeletons } from '../skeleton.tsx'

/** The agents without a person that come with an app, and what they did so far. */
export function ClaimedAgents({ approvalId }: { approvalId: string }) {
  const claim = useClaim(approvalId)
  return (
    <section aria-labelledby="claimed">
      <h2 id="claimed" className="mt-3 text-lg font-semibold">
        What you would take over
      </h2>
      <p className="mt-1 mb-3 text-muted">
        This app worked on its own so far, for nobody in particular. When you take it over, it is
        connected to you, the agents below are over and may do nothing any more, and all they did
        stands in your history. New agents of the app ask you first.
      </p>
      <Loaded query={claim} skeleton={<CardSkeletons count={1} className="h-40" />}>
        {(preview) => <Agents preview={preview} />}
      </Loaded>
    </section>
  )
}

/** The same, for a request of an app that worked on its own before; nothing where none did. */
export function AlsoClaimed({ approvalId }: { approvalId: string }) {
  const { data: preview } = useClaim(approvalId)
  if (preview === undefined || preview.agents_total === 0) return null
  return (
    <section aria-labelledby="also-claimed">
      <h2 id="also-claimed" className="mt-3 text-lg font-semibold">
        What comes with it
      </h2>
      <p className="mt-1 mb-3 text-muted">
        This app worked on its own so far. When you allow anything, the app is connected to you, the
        agents below are over, and what they did stands in your history.
      </p>
      <Agents preview={preview} />
    </section>
  )
}

function Agents({ preview: { agents, agents_total: total } }: { preview: ClaimPreview }) {
  return (
    <>
      <ul className="grid gap-4">
        {agents.map((agent) => (
          <ClaimedAgent key={agent.agent_id} agent={agent} />
        ))}
      </ul>
      {total > agents.length && (
        <p className="mt-3 text-muted">
          {capitalise(agentsWord(total - agents.length))} more, which worked less lately.
        </p>
      )}
    </>
  )
}

function ClaimedAgent({ agent }: { agent: ClaimPreview['agents'][number] }) {
  const titles = Object.fromEntries(
    (useGrantable().data?.capabilities ?? []).map(({ capability, title }) => [capability, title]),
  )
  // This very request, and that the person looks at it, is nothing the agent did.
  const events = agent.events.filter(({ type }) => !type.startsWith('approval.'))
  return (
    <li className="card p-5 sm:p-6">
      <h3 className="font-semibold wrap-anywhere">
        <q>{agent.name}</q>
      </h3>
      <p className="text-sm text-muted">
        Since <Moment at={agent.created_at} />, last used{' '}
        <Moment at={agent.last_used_at} never="never" />
      </p>
      <p className="mt-4 mb-1 text-sm font-medium">What it did lately</p>
      {events.length === 0 && <p className="text-muted">Nothing.</p>}
      <ol className="grid gap-1.5">
        {events.map((event) => {
          const { what, ending } = eventWords(event, titles)
          const worked = event.outcome === 'success'
          return (
            <li key={`${event.at} ${event.type} ${event.capability}`} className="flex gap-2.5">
              <Icon
                name={worked ? 'check' : 'cross'}
                className={`mt-1 size-4 ${worked ? 'text-good' : 'text-danger'}`}
              />
              <span className="min-w-0 wrap-anywhere">
                {what}
                {ending !== '' && <span className="text-danger"> ({ending})</span>}{' '}
                <span className="text-sm text-muted">
                  <Moment at={event.at} />
                </span>
              </span>
            </li>
          )
        })}
      </ol>
    </li>
  )
}
