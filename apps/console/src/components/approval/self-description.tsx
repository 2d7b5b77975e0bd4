import type { ApprovalView } from '../../api/contract.ts'
import { either } from '../../lib/words.ts'
import { UncheckedClaims } from '../asker-cards.tsx'
import { Notice } from '../notice.tsx'

/** What the asker says about itself: always quoted, never taken for true. */
export function SelfDescription({ asserted }: { asserted: ApprovalView['asserted'] }) {
  const { resembles } = asserted
  return (
    <UncheckedClaims>
      <Claim says="It says it is" text={asserted.agent_name} />
      <Claim says="It says it runs in" text={asserted.host_name} />
      <Claim says="It says it asks because" text={asserted.reason} />
      <Claim says="It adds" text={asserted.binding_message} />
      {resembles.length > 0 && (
        <div className="mt-1.5">
          <Notice tone="warn">
            <p>
              <strong className="font-semibold">This looks like {either(resembles)}.</strong>{' '}
              Anybody can choose such a name. Go on only if you started this yourself.
            </p>
          </Notice>
        </div>
      )}
    </UncheckedClaims>
  )
}

function Claim({ says, text }: { says: string; text: string | null }) {
  if (text === null || text === '') return null
  return (
    <p className="wrap-anywhere">
      <span className="text-muted">{says}</span> <q className="font-medium">{text}</q>
    </p>
  )
}
