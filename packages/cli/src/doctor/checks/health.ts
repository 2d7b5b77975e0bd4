import { failed, passed, warning } from '../check.ts'
import type { Check } from '../check.ts'
import type { Findings } from '../findings.ts'
import { jsonOf } from '../probe.ts'
import { outcomeOf, quoted } from './words.ts'

/** Whether the server and its database say that they are well. */
export function checkHealth({ health }: Findings): Check {
  const { url, status } = health
  const content = jsonOf(health)
  if (status === 200 && content?.['status'] === 'ok') {
    const { version } = content
    const which = typeof version === 'string' ? ` (version ${quoted(version)})` : ''
    return passed('health', { message: `Server and database are well${which}.`, url })
  }
  if (status >= 500) {
    const database = content?.['database']
    const what = database === undefined || database === 'ok' ? 'The server' : 'The database'
    return failed('health', {
      message: `${what} is not well: ${outcomeOf(health)}.`,
      advice: 'Start the database, check DATABASE_URL, and run countersign migrate --check.',
      url,
    })
  }
  return warning('health', {
    message: `Nothing says whether the database is well: ${outcomeOf(health)}.`,
    advice: 'Let the proxy pass /health, or answer it as apps/server does.',
    url,
  })
}
