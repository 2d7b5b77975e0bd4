const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const dateAndTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })
const dateOnly = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' })

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

/** Says when something happens relative to now: `2 minutes ago`, `in 3 hours`, `just now`. */
export function fromNow(iso: string, now: number): string {
  const seconds = Math.round((Date.parse(iso) - now) / 1000)
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit)
  }
  return seconds > 0 ? 'in less than a minute' : 'just now'
}

/** Writes date and time in full. */
export function fullTime(iso: string): string {
  return dateAndTime.format(Date.parse(iso))
}

/** Writes the date alone. */
export function fullDate(iso: string): string {
  return dateOnly.format(Date.parse(iso))
}

/** Writes a remaining time as a clock does: `9:05`. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
