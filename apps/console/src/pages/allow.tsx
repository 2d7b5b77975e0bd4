import { useId, useState } from 'react'
import { useNavigate, useParams } from 'react-router'
import type { AgentView, AskedCapability, Grantable } from '../api/contract.ts'
import { Loaded } from '../components/account/loaded.tsx'
import { CapabilityCard } from '../components/approval/capability-card.tsx'
import { NeedsPasskey } from '../components/approval/decision-bar.tsx'
import { BackLink } from '../components/back-link.tsx'
import { EffectBadge } from '../components/badge.tsx'
import { Button } from '../components/button.tsx'
import { Icon } from '../components/icon.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { Problem } from '../components/problem.tsx'
import { CardSkeletons } from '../components/skeleton.tsx'
import { TextField } from '../components/text-field.tsx'
import { useAgent, useGrant, useGrantable } from '../hooks/use-agents.ts'
import { useChoices } from '../hooks/use-choices.ts'
import { liveGrants, mayReceive } from '../lib/agent-words.ts'
import { decide } from '../lib/decide.ts'

/** Gives an agent something that it did not ask for. */
export function AllowPage() {
  const agentId = useParams()['agentId'] ?? ''
  const agent = useAgent(agentId)
  return (
    <div className="grid max-w-170 gap-6">
      <BackLink to={`/account/agents/${agentId}`}>Back to the agent</BackLink>
      <Loaded query={agent} skeleton={<CardSkeletons count={2} className="h-40" />}>
        {(view) => (mayReceive(view) ? <Allow agent={view} /> : <Over agent={view} />)}
      </Loaded>
    </div>
  )
}

function Over({ agent }: { agent: AgentView }) {
  return (
    <PageHeading title="Nothing can be allowed">
      <p className="wrap-anywhere">{agent.name} is not active.</p>
    </PageHeading>
  )
}

function Allow({ agent }: { agent: AgentView }) {
  const grantable = useGrantable(agent.host.host_id)
  return (
    <>
      <div className="min-w-0 wrap-anywhere">
        <PageHeading title="Allow more">
          <p>Give {agent.name} something by yourself, without waiting for it to ask.</p>
        </PageHeading>
      </div>
      <Loaded query={grantable} skeleton={<CardSkeletons count={2} className="h-24" />}>
        {(given) => <Choose agent={agent} grantable={given} />}
      </Loaded>
    </>
  )
}

/** Beyond this many a search field helps. */
const MANY = 8

function Choose({ agent, grantable }: { agent: AgentView; grantable: Grantable }) {
  const [name, setName] = useState<string>()
  const [search, setSearch] = useState('')
  const group = useId()
  const { capabilities } = grantable
  const chosen = capabilities.find(({ capability }) => capability === name)
  const held = new Set(liveGrants(agent).map(({ capability }) => capability))
  const found = capabilities.filter((one) => one === chosen || matches(one, search))
  if (capabilities.length === 0) return <p className="card p-5 text-muted">There is nothing.</p>
  return (
    <>
      <fieldset>
        <legend className="mb-3 text-lg font-semibold">What to allow</legend>
        {capabilities.length > MANY && (
          <TextField
            label="Search"
            type="search"
            className="mb-3"
            autoComplete="off"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        )}
        <div className="grid gap-2">
          {found.map((one) => (
            <Option
              key={one.capability}
              group={group}
              capability={one}
              held={held.has(one.capability)}
              checked={one === chosen}
              onChoose={() => setName(one.capability)}
            />
          ))}
        </div>
        {found.length === 0 && <p className="text-muted">Nothing fits this search.</p>}
      </fieldset>
      {chosen !== undefined && (
        <Limit
          key={chosen.capability}
          agent={agent}
          asked={chosen}
          hasPasskey={grantable.webauthn.available}
        />
      )}
    </>
  )
}

function matches({ title, description }: AskedCapability, search: string): boolean {
  return `${title} ${description}`.toLowerCase().includes(search.trim().toLowerCase())
}

interface OptionProps {
  group: string
  capability: AskedCapability
  held: boolean
  checked: boolean
  onChoose: () => void
}

function Option({ group, capability, held, checked, onChoose }: OptionProps) {
  return (
    <label className="flex items-start gap-3 rounded-lg border border-control bg-surface px-3.5 py-2.5 has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent">
      <input
        type="radio"
        name={group}
        className="mt-1 size-4 accent-accent outline-none"
        checked={checked}
        onChange={onChoose}
      />
      <span className="min-w-0 flex-1">
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <span className="font-medium wrap-anywhere">{capability.title}</span>
          <EffectBadge readOnly={capability.read_only} />
          {held && <span className="text-sm text-muted">Allowed already, perhaps with limits</span>}
        </span>
        <span className="block text-sm text-muted wrap-anywhere">{capability.description}</span>
      </span>
    </label>
  )
}

interface LimitProps {
  agent: AgentView
  asked: AskedCapability
  hasPasskey: boolean
}

function Limit({ agent, asked, hasPasskey }: LimitProps) {
  const navigate = useNavigate()
  const [chosen] = useChoices([asked], asked.capability)
  const granting = useGrant()
  if (chosen === undefined) return null
  const withPasskey = asked.strength === 'webauthn'
  const lacksPasskey = withPasskey && !hasPasskey
  const grant = (): void => {
    if (Object.keys(chosen.problems).length > 0) {
      document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
      return
    }
    // Decided again at this moment, because "today" ends at midnight.
    const {
      allow: _yes,
      reason: _none,
      ...limits
    } = decide(asked, chosen.choice, new Date()).decision
    granting.mutate(
      { grant: { agent_id: agent.agent_id, ...limits }, withPasskey },
      { onSuccess: () => void navigate(`/account/agents/${agent.agent_id}`) },
    )
  }
  return (
    <section aria-labelledby="limits" className="grid gap-4">
      <h2 id="limits" className="text-lg font-semibold">
        How far
      </h2>
      <ul>
        <CapabilityCard chosen={chosen} given />
      </ul>
      <Problem attempt={granting} to="allow this" again={grant} />
      {lacksPasskey && <NeedsPasskey />}
      <Button
        className="justify-self-stretch sm:justify-self-end"
        busy={granting.isPending}
        disabled={lacksPasskey}
        onClick={grant}
      >
        {withPasskey && <Icon name="key" />}
        {withPasskey ? 'Allow with passkey' : 'Allow'}
      </Button>
    </section>
  )
}
