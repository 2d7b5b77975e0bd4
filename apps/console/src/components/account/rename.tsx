import { useState, type SubmitEvent } from 'react'
import { renameAgent } from '../../api/agents.ts'
import type { AgentView } from '../../api/contract.ts'
import { useAgentChange } from '../../hooks/use-agents.ts'
import { problemWords } from '../../lib/problem-words.ts'
import { Button } from '../button.tsx'
import { TextField } from '../text-field.tsx'

interface RenameProps {
  /** What is renamed, for screen readers. */
  what: string
  name: string
  onRename: (name: string) => Promise<unknown>
}

/** A name that can be changed in place. */
export function Rename({ what, name, onRename }: RenameProps) {
  const [draft, setDraft] = useState<string>()
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState(false)
  if (draft === undefined) {
    return (
      <Button tone="quiet" aria-label={`Rename ${what}`} onClick={() => setDraft(name)}>
        Rename
      </Button>
    )
  }
  const submit = async (): Promise<void> => {
    if (draft.trim() === '') return setProblem('A name cannot be empty.')
    setBusy(true)
    try {
      await onRename(draft.trim())
      setDraft(undefined)
    } catch (error) {
      setProblem(problemWords(error))
    }
    return setBusy(false)
  }
  return (
    <form
      className="flex w-full flex-wrap items-end gap-3"
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault()
        if (!busy) void submit()
      }}
    >
      <TextField
        label="New name"
        className="min-w-48 flex-1 text-ink"
        maxLength={120}
        autoFocus
        autoComplete="off"
        value={draft}
        problem={problem}
        onChange={(event) => setDraft(event.target.value)}
      />
      <div className="flex gap-3">
        <Button type="submit" busy={busy}>
          Save name
        </Button>
        <Button tone="secondary" onClick={() => setDraft(undefined)}>
          Cancel
        </Button>
      </div>
    </form>
  )
}

/** Renames an agent. */
export function RenameAgent({ agent }: { agent: AgentView }) {
  const change = useAgentChange((name: string) => renameAgent(agent.agent_id, name))
  return <Rename what="agent" name={agent.name} onRename={(name) => change.mutateAsync(name)} />
}
