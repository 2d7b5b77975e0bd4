import { pauseAgent, revokeAgent } from '../../api/agents.ts'
import type { AgentView } from '../../api/contract.ts'
import { useAgentChange } from '../../hooks/use-agents.ts'
import { isOver } from '../../lib/agent-words.ts'
import { Button } from '../button.tsx'
import { ConfirmDialog } from '../confirm-dialog.tsx'
import { Icon } from '../icon.tsx'
import { Problem } from '../problem.tsx'

/** Pause or resume an agent, or end it. */
export function AgentActions({ agent }: { agent: AgentView }) {
  const pause = useAgentChange((paused: boolean) => pauseAgent(agent.agent_id, paused))
  const end = useAgentChange(() => revokeAgent(agent.agent_id))
  if (isOver(agent)) return null
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap gap-3">
        {agent.status === 'active' && (
          <Button
            tone="secondary"
            busy={pause.isPending}
            onClick={() => pause.mutate(!agent.paused)}
          >
            <Icon name={agent.paused ? 'arrow' : 'pause'} />
            {agent.paused ? 'Resume' : 'Pause'}
          </Button>
        )}
        <ConfirmDialog
          trigger="Revoke agent"
          triggerTone="caution"
          title={`Revoke ${agent.name}?`}
          confirm="Revoke agent"
          onConfirm={() => end.mutateAsync(undefined)}
        >
          <p>
            It loses everything it may do, at once and for good. To work for you again it has to ask
            again.
          </p>
        </ConfirmDialog>
      </div>
      <Problem attempt={pause} to="let it go on" again={() => pause.mutate(false)} />
    </div>
  )
}
