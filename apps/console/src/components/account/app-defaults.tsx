import { useState } from 'react'
import type { HostView } from '../../api/contract.ts'
import { setHostDefaults } from '../../api/hosts.ts'
import { useAgentChange, useGrantable } from '../../hooks/use-agents.ts'
import { isHostOver } from '../../lib/host-words.ts'
import { capitalise, humanName, list, uncapitalise } from '../../lib/words.ts'
import { Button } from '../button.tsx'
import { Problem } from '../problem.tsx'
import { CardSkeletons } from '../skeleton.tsx'
import { AdvanceChoice } from './advance-choice.tsx'
import { Loaded } from './loaded.tsx'

/** What every new agent of an app gets without asking, and a way to change it. */
export function AppDefaults({ host }: { host: HostView }) {
  const [editing, setEditing] = useState(false)
  const grantable = useGrantable(host.host_id)
  const titles = new Map(
    grantable.data?.capabilities.map(({ capability, title }) => [capability, title]),
  )
  const names = host.default_capabilities.map((name) =>
    uncapitalise(titles.get(name) ?? capitalise(humanName(name))),
  )
  if (isHostOver(host)) return null
  return (
    <section aria-labelledby="defaults" className="card grid gap-4 p-5 sm:p-6">
      <div>
        <h2 id="defaults" className="text-lg font-semibold">
          Allowed without asking
        </h2>
        <p className="text-muted">
          {names.length === 0
            ? 'Nothing. Every agent of this app asks you first.'
            : `Every agent of this app may ${list(names)}, without asking you.`}
        </p>
      </div>
      {editing ? (
        <Loaded query={grantable} skeleton={<CardSkeletons count={1} className="h-40" />}>
          {({ capabilities }) => (
            <EditDefaults
              host={host}
              capabilities={capabilities}
              onDone={() => setEditing(false)}
            />
          )}
        </Loaded>
      ) : (
        <Button tone="secondary" className="justify-self-start" onClick={() => setEditing(true)}>
          Change
        </Button>
      )}
    </section>
  )
}

interface EditDefaultsProps {
  host: HostView
  capabilities: React.ComponentProps<typeof AdvanceChoice>['capabilities']
  onDone: () => void
}

function EditDefaults({ host, capabilities, onDone }: EditDefaultsProps) {
  const [chosen, setChosen] = useState(host.default_capabilities as readonly string[])
  const saving = useAgentChange(() => setHostDefaults(host.host_id, chosen))
  const save = (): void => saving.mutate(undefined, { onSuccess: onDone })
  return (
    <>
      <AdvanceChoice
        legend="For new agents, from now on"
        capabilities={capabilities}
        chosen={chosen}
        onChange={setChosen}
      />
      <p className="text-sm text-muted">Agents that are connected already keep what they have.</p>
      <Problem attempt={saving} to="change this" again={save} />
      <div className="flex flex-wrap gap-3">
        <Button busy={saving.isPending} onClick={save}>
          Save
        </Button>
        <Button tone="secondary" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </>
  )
}
