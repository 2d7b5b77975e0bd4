import { failed, passed, warning } from '../check.ts'
import type { Check } from '../check.ts'
import type { Findings } from '../findings.ts'
import { isCertificateProblem, isLoopbackName, originOf, outcomeOf, quoted } from './words.ts'

/** Whether anybody answers. When nobody does, there is nothing else to check. */
export function checkReachable({ origin, site }: Findings): Check {
  if (site.failure === null)
    return passed('reachable', { message: `${origin} answers.`, url: origin })
  const advice = isCertificateProblem(site)
    ? 'Install a certificate that browsers trust, with its whole chain; for one of your own set NODE_EXTRA_CA_CERTS.'
    : 'Start the server, or correct the address, the name server or the firewall.'
  const message = `${origin} cannot be reached: ${outcomeOf(site)}.`
  return failed('reachable', { message, advice, url: origin })
}

/** Whether passwords and tokens are encrypted on their way. */
export function checkHttps({ origin, site, plainSite }: Findings): Check[] {
  const { protocol, hostname } = new URL(origin)
  if (isLoopbackName(hostname)) {
    return [passed('https', { message: 'Nothing leaves this machine.', url: origin })]
  }
  if (protocol !== 'https:') {
    const message = `${origin} is not encrypted: passwords, codes and tokens can be read on the way.`
    const advice = 'Serve https, and set COUNTERSIGN_BASE_URL to that address.'
    return [failed('https', { message, advice, url: origin })]
  }
  return [
    passed('https', { message: `${origin} is encrypted.`, url: origin }),
    strictTransport(origin, site.headers['strict-transport-security']),
    ...(plainSite ? [plainRedirect(origin, plainSite)] : []),
  ]
}

function strictTransport(origin: string, header: string | undefined): Check {
  const seconds = Number(/max-age="?(\d+)/i.exec(header ?? '')?.[1] ?? 0)
  if (seconds >= 86_400) {
    return passed('hsts', { message: 'Browsers remember to use https.', url: origin })
  }
  return warning('hsts', {
    message: 'Browsers are not told to stay with https.',
    advice: 'Send Strict-Transport-Security: max-age=31536000, or let it pass through the proxy.',
    url: origin,
  })
}

function plainRedirect(origin: string, plainSite: NonNullable<Findings['plainSite']>): Check {
  const { url, status, headers, failure } = plainSite
  const target = originOf(headers['location'])
  if (failure !== null || target === origin) {
    return passed('http-redirect', { message: 'Plain http leads to https or nowhere.', url })
  }
  return warning('http-redirect', {
    message: `Plain http answers ${status} instead of leading to ${origin}.`,
    advice: 'Let the proxy redirect every plain request to https.',
    url,
  })
}

/** Whether the named address is the one the site uses, or sends people elsewhere. */
export function checkSiteRedirect({ origin, site }: Findings): Check[] {
  const target = originOf(site.headers['location'])
  if (target === undefined || target === origin) return []
  return [
    failed('site-redirect', {
      message: `${origin} sends people to ${quoted(target)}.`,
      advice: `Use one address: run doctor on ${quoted(target)}, and set COUNTERSIGN_BASE_URL to the one that stays.`,
      url: origin,
    }),
  ]
}
