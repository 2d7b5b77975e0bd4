import type { ApprovalView } from '../../api/contract.ts'
import { useNow } from '../../hooks/use-now.ts'
import { modeWords } from '../../lib/agent-words.ts'
import { fromNow, fullDate, fullTime } from '../../lib/time.ts'
import { CheckedFacts, Fact } from '../asker-cards.tsx'
import { Badge } from '../badge.tsx'
import { Fingerprint } from '../fingerprint.tsx'

/** What the server itself knows about who asks. Comes before anything the asker says. */
export function RequestFacts({ view, code }: { view: ApprovalView; code: string | undefined }) {
  const { facts } = view
  const now = useNow(30_000)
  return (
    <CheckedFacts>
      <Fact name={facts.host_known ? 'Connected app' : 'App'}>
        {facts.host_known ? (
          <>
            <Badge tone="good" icon="check">
              Known
            </Badge>
            <span className="ml-2">since {fullDate(facts.host_first_seen)}</span>
          </>
        ) : (
          <>
            <Badge tone="warn" icon="warning">
              New
            </Badge>
            <span className="ml-2">It has never asked you before.</span>
          </>
        )}
      </Fact>
      <Fact name="Key fingerprint">
        <Fingerprint value={facts.host_fingerprint} />
      </Fact>
      {code !== undefined && (
        <Fact name="Code">
          <span className="font-mono font-medium tracking-wide">{code}</span>
          <span className="ml-2 text-sm text-muted">Your agent must show the same one.</span>
        </Fact>
      )}
      <Fact name="Asked">
        <time dateTime={facts.requested_at} title={fullTime(facts.requested_at)}>
          {fromNow(facts.requested_at, now)}
        </time>
      </Fact>
      <Fact name="Works">{modeWords(facts.mode)}</Fact>
    </CheckedFacts>
  )
}
