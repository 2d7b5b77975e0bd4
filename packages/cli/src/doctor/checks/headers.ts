import { failed, passed, warning } from '../check.ts'
import type { Check } from '../check.ts'
import { foreignPage, spoofedHost } from '../findings.ts'
import type { Findings } from '../findings.ts'
import type { Answer } from '../probe.ts'
import { quoted } from './words.ts'

/** Whether pages of other origins may read what they need to sign people in. */
export function checkCors({ documents, keys, endpoints, preflight }: Findings): Check[] {
  const document = (id: string) => documents.find(({ place }) => place.id === id)?.answer
  const endpoint = (name: string) => endpoints.find((found) => found.name === name)?.answer
  const asked: readonly (readonly [string, Answer | undefined])[] = [
    ['cors-oauth-metadata', document('oauth-authorization-server')],
    ['cors-openid-metadata', document('openid-configuration')],
    ['cors-jwks', keys],
    ['cors-token', endpoint('token_endpoint')],
    ['cors-userinfo', endpoint('userinfo_endpoint')],
  ]
  const readable = asked.flatMap(([id, answer]) =>
    // What is not there is named by its own check.
    answer && answer.status > 0 && answer.status !== 404 ? [checkReadable(id, answer)] : [],
  )
  return [...readable, ...(preflight ? [checkPreflight(preflight)] : [])]
}

function checkReadable(id: string, { url, headers }: Answer): Check {
  const allowed = headers['access-control-allow-origin']
  const withCookies = headers['access-control-allow-credentials'] === 'true'
  if (allowed !== '*' && allowed !== foreignPage) {
    return failed(id, {
      message: 'Pages of other origins cannot read this: Access-Control-Allow-Origin is missing.',
      advice: 'Let the proxy pass the header: applications in a browser cannot sign in without it.',
      url,
    })
  }
  if (withCookies) {
    return failed(id, {
      message: 'Every page may call this with the cookies of the person.',
      advice: 'Remove Access-Control-Allow-Credentials: no page needs cookies here.',
      url,
    })
  }
  return passed(id, { message: 'Pages of other origins may read this.', url })
}

function checkPreflight({ url, status, headers }: Answer): Check {
  const origin = headers['access-control-allow-origin']
  const names = (headers['access-control-allow-headers'] ?? '').toLowerCase().split(/\s*,\s*/)
  const good = status >= 200 && status < 300 && (origin === '*' || origin === foreignPage)
  // A star does not cover this header (Fetch standard, "CORS-preflight fetch").
  if (good && names.includes('authorization')) {
    return passed('cors-preflight', { message: 'Pages may send a token to user info.', url })
  }
  return failed('cors-preflight', {
    message: 'Pages may not send a token to user info.',
    advice: 'Let the proxy pass OPTIONS requests, and Access-Control-Allow-Headers of the answer.',
    url,
  })
}

/** Whether the server believes what a request says about its host, and builds addresses of it. */
export function checkSpoofedHost({ spoofed }: Findings): Check[] {
  const headers = [...new Set(spoofed.map(({ header }) => header))]
  return headers.map((header) => {
    const id = `spoofed-${header.toLowerCase()}`
    const fooled = spoofed.find((lie) => lie.header === header && repeats(lie.answer))
    if (!fooled) {
      return passed(id, { message: `A false ${header} header changes nothing.` })
    }
    return failed(id, {
      message: `A false ${header} header ends up in the answer: anybody can send people elsewhere.`,
      advice:
        'Set COUNTERSIGN_BASE_URL, trust headers only of your own proxies, and let those overwrite the header.',
      url: fooled.answer.url.replace(/[?&]doctor=[^&]*/, ''),
    })
  })
}

function repeats({ body, headers }: Answer): boolean {
  return body.includes(spoofedHost) || headers['location']?.includes(spoofedHost) === true
}

/** Whether every cookie that was set is kept from scripts, other sites and plain http. */
export function checkCookies(findings: Findings): Check[] {
  const answers = answersOf(findings)
  const set = answers.flatMap(({ url, cookies }) => cookies.map((cookie) => ({ url, cookie })))
  if (set.length === 0) return [passed('cookies', { message: 'Nobody is given a cookie unasked.' })]
  const https = findings.origin.startsWith('https:')
  const problems = new Map<string, Check>()
  for (const { url, cookie } of set) {
    const [pair = '', ...attributes] = cookie.split(';').map((part) => part.trim())
    const name = pair.split('=')[0] ?? ''
    const lacks = missingAttributes(attributes, https)
    if (lacks.length === 0) continue
    const message = `The cookie ${quoted(name)} lacks ${lacks.join(', ')}.`
    const advice = 'Let the proxy pass Set-Cookie unchanged, and set COUNTERSIGN_BASE_URL to https.'
    problems.set(name, failed('cookies', { message, advice, url }))
  }
  if (problems.size > 0) return [...problems.values()]
  return [passed('cookies', { message: 'Cookies are kept from scripts and from other sites.' })]
}

function missingAttributes(attributes: readonly string[], https: boolean): string[] {
  const names = new Set(attributes.map((attribute) => attribute.split('=')[0]?.toLowerCase()))
  return [
    ...(names.has('httponly') ? [] : ['HttpOnly']),
    ...(names.has('samesite') ? [] : ['SameSite']),
    ...(names.has('secure') || !https ? [] : ['Secure']),
  ]
}

/** Whether the server's clock agrees with this machine's: tokens live for minutes. */
export function checkClock(findings: Findings): Check[] {
  const offsets = answersOf(findings)
    .flatMap(({ headers, askedAt, answeredAt, url }) => {
      const date = Date.parse(headers['date'] ?? '')
      if (Number.isNaN(date)) return []
      // Date is cut to the second, and as old as the answer in a cache.
      const there = date + 500 + Number(headers['age'] ?? 0) * 1000
      const here = (askedAt + answeredAt) / 2
      return [{ seconds: Math.round((there - here) / 1000), trip: answeredAt - askedAt, url }]
    })
    .sort((a, b) => a.trip - b.trip)
  const [best] = offsets
  if (!best) {
    const message = 'The server does not say what time it is.'
    return [warning('clock', { message, advice: 'Let the proxy pass the Date header.' })]
  }
  return [judgeClock(best.seconds, best.url)]
}

function judgeClock(seconds: number, url: string): Check {
  const off = Math.abs(seconds)
  if (off <= 30) return passed('clock', { message: 'The clocks agree.', url })
  const message = `The server's clock is ${off} seconds ${seconds > 0 ? 'ahead of' : 'behind'} this machine's.`
  const advice = 'Synchronise both clocks (NTP): tokens count as expired, or as not yet valid.'
  return off > 60
    ? failed('clock', { message, advice, url })
    : warning('clock', { message, advice, url })
}

function answersOf(findings: Findings): Answer[] {
  const { site, health, documents, keys, endpoints, strangerRedirect } = findings
  const all = [
    site,
    health,
    keys,
    strangerRedirect,
    ...documents.map(({ answer }) => answer),
    ...endpoints.map(({ answer }) => answer),
  ]
  return all.filter((answer) => answer !== undefined)
}
