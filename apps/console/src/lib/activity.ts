import type { ActivityDay } from '../api/provider-contract.ts'
import { fullDate } from './time.ts'

/** One bar of a chart; `y` is measured from above. */
export interface Bar {
  date: string
  x: number
  y: number
  size: number
  length: number
}

const step = 12
const gap = 3

/** Turns days into bars of at most this height; a day with any use is never invisible. */
export function barsOf(
  days: readonly ActivityDay[],
  height: number,
): { bars: Bar[]; width: number } {
  const most = Math.max(1, ...days.map(({ total }) => total))
  const bars = days.map(({ date, total }, index) => {
    const length = total === 0 ? 0 : Math.max(2, (total / most) * height)
    return { date, x: index * step, y: height - length, size: step - gap, length }
  })
  return { bars, width: Math.max(step, days.length * step) }
}

/** Says what a chart shows. */
export function activitySummary(days: readonly ActivityDay[]): string {
  const sum = days.reduce((total, day) => total + day.total, 0)
  const busiest = days.toSorted((a, b) => b.total - a.total)[0]
  const peak = busiest === undefined ? '' : ` Most on ${fullDate(busiest.date)}: ${busiest.total}.`
  return `Used ${sum} ${sum === 1 ? 'time' : 'times'} in ${days.length} days.${peak}`
}
