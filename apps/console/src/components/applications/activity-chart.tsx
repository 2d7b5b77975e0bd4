import type { ActivityDay } from '../../api/provider-contract.ts'
import { activitySummary, barsOf } from '../../lib/activity.ts'
import { fullDate } from '../../lib/time.ts'
import { Icon } from '../icon.tsx'

const height = 96

/** How much an application was used, as bars by day; the numbers stand in a table behind. */
export function ActivityChart({ days }: { days: readonly ActivityDay[] }) {
  if (days.every(({ total }) => total === 0)) {
    return <p className="text-muted">It was not used in the last {days.length || 30} days.</p>
  }
  const { bars, width } = barsOf(days, height)
  return (
    <div>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={activitySummary(days)}
        className="h-28 w-full"
      >
        {bars.map(({ date, x, y, size, length }) => (
          <rect
            key={date}
            x={x}
            y={y}
            width={size}
            height={length}
            rx="1.5"
            className="fill-accent"
          />
        ))}
        <line x1="0" x2={width} y1={height} y2={height} className="stroke-line" strokeWidth="1" />
      </svg>
      <p className="mt-1.5 flex justify-between text-sm text-muted">
        <span>{fullDate(days[0]?.date ?? '')}</span>
        <span>{fullDate(days.at(-1)?.date ?? '')}</span>
      </p>
      <Numbers days={days} />
    </div>
  )
}

function Numbers({ days }: { days: readonly ActivityDay[] }) {
  return (
    <details className="group mt-2">
      <summary className="inline-flex min-h-10 list-none items-center gap-2 rounded-lg text-sm font-medium text-muted hover:text-ink">
        <Icon name="chevron" className="size-4 transition-transform group-open:rotate-180" />
        Show the numbers
      </summary>
      <table className="mt-1 w-full text-left text-sm tabular-nums">
        <thead className="text-muted">
          <tr>
            <th className="py-1 font-normal">Day</th>
            <th className="py-1 text-right font-normal">Times</th>
            <th className="py-1 text-right font-normal">People</th>
          </tr>
        </thead>
        <tbody>
          {days
            .filter(({ total }) => total > 0)
            .toReversed()
            .map(({ date, total, unique_users: users }) => (
              <tr key={date} className="border-t border-line">
                <th scope="row" className="py-1 font-normal">
                  {fullDate(date)}
                </th>
                <td className="py-1 text-right">{total}</td>
                <td className="py-1 text-right">{users}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </details>
  )
}
