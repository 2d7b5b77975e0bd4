/** How long a permission can be given for. */
export const durations = ['hour', 'today', 'week', 'revoked'] as const

/** One of the offered durations. */
export type Duration = (typeof durations)[number]

/** What the choice is called. */
export const durationLabels: Readonly<Record<Duration, string>> = {
  hour: '1 hour',
  today: 'Today',
  week: '1 week',
  revoked: 'Until revoked',
}

/** How the choice reads inside a sentence. */
export const durationWords: Readonly<Record<Duration, string>> = {
  hour: 'for one hour',
  today: 'until midnight',
  week: 'for one week',
  revoked: 'until you revoke it',
}

/** The shortest sensible default: what changes things starts with an hour, reading stays. */
export function defaultDuration(readOnly: boolean): Duration {
  return readOnly ? 'revoked' : 'hour'
}

/** Seconds until the permission ends; nothing when it does not end by itself. */
export function expiresIn(duration: Duration, now: Date): number | undefined {
  switch (duration) {
    case 'hour':
      return 3600
    case 'today':
      return secondsUntilMidnight(now)
    case 'week':
      return 7 * 24 * 3600
    case 'revoked':
      return undefined
  }
}

function secondsUntilMidnight(now: Date): number {
  const midnight = new Date(now)
  midnight.setHours(24, 0, 0, 0)
  return Math.max(60, Math.floor((midnight.getTime() - now.getTime()) / 1000))
}
