import { Link } from 'react-router'
import { revokeGrant } from '../../api/agents.ts'
import type { AgentView, GrantView } from '../../api/contract.ts'
import { useAgentChange } from '../../hooks/use-agents.ts'
import { useNow } from '../../hooks/use-now.ts'
import { mayReceive } from '../../lib/agent-words.ts'
import { grantEnd, grantLimits, grantStatusWords } from '../../lib/grant-words.ts'
import { capitalise } from '../../lib/words.ts'
import { Badge, EffectBadge } from '../badge.tsx'
import { buttonClass } from '../button.tsx'
import { ConfirmDialog } from '../confirm-dialog.tsx'

/** What an agent may do, then what it may do no more. */
export function Grants({ agent }: { agent: AgentView }) {
  const live = agent.grants.filter(({ status }) => status === 'active')
  const rest = agent.grants.filter(({ status }) => status !== 'active')
  return (
    <section aria-labelledby="grants" className="min-w-0">
      <div className="mb-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 id="grants" className="text-lg font-semibold">
          What it may do
        </h2>
        {mayReceive(agent) && (
          <Link to={`/account/agents/${agent.agent_id}/allow`} className={buttonClass('secondary')}>
            Allow more
          </Link>
        )}
      </div>
      {live.length === 0 && <p className="card p-5 text-muted sm:p-6">Nothing right now.</p>}
      <ul className="grid gap-4">
        {live.map((grant) => (
          <LiveGrant key={grant.grant_id} grant={grant} />
        ))}
      </ul>
      {rest.length > 0 && <PastGrants grants={rest} />}
    </section>
  )
}

function LiveGrant({ grant }: { grant: GrantView }) {
  const revocation = useAgentChange(() => revokeGrant(grant.grant_id))
  const now = useNow(30_000)
  const limits = grantLimits(grant)
  return (
    <li className="card grid gap-3 p-5 sm:p-6">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <h3 className="font-semibold wrap-anywhere">{grant.title}</h3>
        <EffectBadge readOnly={grant.read_only} />
      </div>
      <p className="text-muted wrap-anywhere">{grant.description}</p>
      <ul className="flex flex-wrap gap-2">
        {(limits.length === 0 ? ['no limits'] : limits).map((limit) => (
          <li
            key={limit}
            className="rounded-md bg-sunken px-2.5 py-1 text-sm tabular-nums wrap-anywhere"
          >
            {capitalise(limit)}
          </li>
        ))}
      </ul>
      {grant.budget !== null && <BudgetMeter budget={grant.budget} />}
      <div className="flex flex-wrap items-center justify-between gap-3 border-t border-line pt-3">
        <p className="text-sm text-muted">{grantEnd(grant, now)}</p>
        <ConfirmDialog
          trigger="Revoke"
          triggerTone="caution"
          triggerLabel={`Revoke ${grant.title}`}
          title={`Revoke “${grant.title}”?`}
          confirm="Revoke"
          onConfirm={() => revocation.mutateAsync(undefined)}
        >
          <p>The agent may not do this any more, from now on. Everything else stays.</p>
        </ConfirmDialog>
      </div>
    </li>
  )
}

function BudgetMeter({ budget }: { budget: { limit: number; spent: number } }) {
  return (
    <meter
      aria-label="Used of the total"
      className="bar"
      min={0}
      max={budget.limit}
      value={budget.spent}
    />
  )
}

function PastGrants({ grants }: { grants: readonly GrantView[] }) {
  return (
    <ul aria-label="Not allowed" className="card mt-4 divide-y divide-line">
      {grants.map((grant) => (
        <li
          key={grant.grant_id}
          className="flex flex-wrap items-center gap-x-3 gap-y-1 px-5 py-3 sm:px-6"
        >
          <span className="min-w-0 text-muted wrap-anywhere">{grant.title}</span>
          <Badge tone={grant.status === 'pending' ? 'warn' : 'neutral'}>
            {grantStatusWords[grant.status]}
          </Badge>
          {grant.reason !== null && (
            <span className="w-full text-sm text-muted wrap-anywhere">{grant.reason}</span>
          )}
        </li>
      ))}
    </ul>
  )
}
