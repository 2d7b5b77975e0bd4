import { failed, passed, warning } from '../check.ts'
import type { Check } from '../check.ts'
import { endpointExpectations } from '../endpoints.ts'
import { spoofedHost } from '../findings.ts'
import type { Findings, FoundEndpoint } from '../findings.ts'
import { originOf, outcomeOf, quoted } from './words.ts'

/** Whether every endpoint is where the metadata says, and refuses an empty request as it should. */
export function checkEndpoints({ origin, endpoints }: Findings): Check[] {
  return endpoints.map((endpoint) => checkEndpoint(origin, endpoint))
}

function checkEndpoint(origin: string, { name, answer }: FoundEndpoint): Check {
  const { status, url, headers } = answer
  const expectation = endpointExpectations[name]
  if (status === 429) {
    return warning(name, {
      message: 'The endpoint slows this machine down.',
      advice: 'Run doctor again in a minute.',
      url,
    })
  }
  const target = originOf(headers['location'])
  if (target !== undefined && target !== origin) {
    return failed(name, {
      message: `The endpoint sends callers to ${quoted(target)}.`,
      advice: 'Let the proxy pass it on instead of redirecting: a redirect loses what was sent.',
      url,
    })
  }
  if (expectation?.statuses.includes(status) !== true) {
    return failed(name, {
      message: `The endpoint does not refuse an empty request as it should: ${outcomeOf(answer)}.`,
      advice: adviceFor(status),
      url,
    })
  }
  if (name === 'userinfo_endpoint' && headers['www-authenticate'] === undefined) {
    return failed(name, {
      message: 'The endpoint asks for a token without saying so.',
      advice: 'Let the proxy pass the WWW-Authenticate header.',
      url,
    })
  }
  return passed(name, { message: `The endpoint answers (${status}).`, url })
}

function adviceFor(status: number): string {
  if (status === 503) return 'Start the database, and run countersign migrate --check.'
  if (status >= 500 || status === 0) return 'Look into the log of the server and of the proxy.'
  return 'Let the proxy pass this path, with every method, to Countersign.'
}

/** Whether the authorization endpoint would carry a code to a stranger (RFC 9700 section 4.1). */
export function checkRedirectUri({ strangerRedirect }: Findings): Check[] {
  if (!strangerRedirect) return []
  const { url, status, headers } = strangerRedirect
  const target = originOf(headers['location'])
  if (target !== undefined && new URL(target).hostname === spoofedHost) {
    return [
      failed('redirect-uri', {
        message: 'The server redirects to an address that no application has registered.',
        advice: 'Take it offline and update it: codes can be stolen this way.',
        url,
      }),
    ]
  }
  // Without an answer nothing is proven; the endpoint's own check says so.
  if (status === 0 || status >= 500) return []
  return [passed('redirect-uri', { message: 'Nobody is sent to an unregistered address.', url })]
}
