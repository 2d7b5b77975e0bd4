import type { Command, Outcome } from '../command.ts'
import type { Check, CheckStatus } from '../doctor/check.ts'
import { examine } from '../doctor/doctor.ts'
import { gather } from '../doctor/gather.ts'
import { exitCodes } from '../exit-code.ts'
import { plain } from '../output.ts'
import { UsageError } from '../usage-error.ts'

/** Examines a server from outside, as its clients see it. */
export const doctor: Command = {
  name: 'doctor',
  usage: 'countersign doctor <url> [--resource <url>...]',
  summary: 'Check a server from outside: metadata, addresses, keys, headers, clock',
  words: ['the address of the server'],
  options: {
    resource: {
      type: 'list',
      value: '<url>...',
      summary: 'Protected resources on it, such as https://id.example.com/mcp',
    },
  },
  async run(input, { terminal: { signal } }) {
    const origin = readUrl(input.words[0] ?? '').origin
    const resources = (input.list('resource') ?? []).map(readUrl)
    const stranger = resources.find((resource) => resource.origin !== origin)
    if (stranger) throw new UsageError(`${stranger.href} is not on ${origin}.`)
    const checks = examine(await gather({ origin, resources, signal }))
    signal.throwIfAborted()
    return report(checks)
  },
}

function report(checks: readonly Check[]): Outcome {
  const count = (status: CheckStatus) => checks.filter((check) => check.status === status).length
  const ok = count('failed') === 0
  const summary = `${count('failed')} failed, ${count('warning')} warnings, ${count('ok')} ok.`
  return {
    value: { checks, ok },
    lines: [...checks.map(line), summary],
    exitCode: ok ? exitCodes.ok : exitCodes.refused,
  }
}

function line({ id, status, message, advice }: Check): string {
  return `${status.padEnd(8)}${plain(`${id}: ${message} ${advice ?? ''}`)}`
}

function readUrl(text: string): URL {
  const scheme = /^(localhost|127\.|\[::1\])/.test(text) ? 'http' : 'https'
  const withScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `${scheme}://${text}`
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined
  const isPlain = url?.username === '' && url.password === ''
  // What could be a password is not repeated.
  if (url && !isPlain) throw new UsageError('The address must have no user name and no password.')
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url
  throw new UsageError(`"${text}" is not a web address, as in https://id.example.com.`)
}
