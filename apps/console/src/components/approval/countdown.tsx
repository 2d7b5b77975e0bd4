import { useNow } from '../../hooks/use-now.ts'
import { clock } from '../../lib/time.ts'
import { Icon } from '../icon.tsx'

interface CountdownProps {
  expiresAt: string
  /** What the time is for, after “left to”. */
  to?: string
}

/** Counts down to the moment something expires; only the last minute is read out. */
export function Countdown({ expiresAt, to = 'decide' }: CountdownProps) {
  const left = Date.parse(expiresAt) - useNow(1000)
  const soon = left < 60_000
  return (
    <p
      className={`inline-flex items-center gap-1.5 text-sm ${soon ? 'font-medium text-warn' : 'text-muted'}`}
    >
      <Icon name="clock" />
      <span role="timer">
        {left > 0 ? 'Expires in ' : 'Expires any moment'}
        {left > 0 && <span className="tabular-nums">{clock(left)}</span>}
      </span>
      <span role="status" className="sr-only">
        {soon ? `Less than one minute left to ${to}.` : ''}
      </span>
    </p>
  )
}
