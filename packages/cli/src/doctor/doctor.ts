import type { Check } from './check.ts'
import { checkEndpoints, checkRedirectUri } from './checks/endpoints.ts'
import { checkClock, checkCookies, checkCors, checkSpoofedHost } from './checks/headers.ts'
import { checkHealth } from './checks/health.ts'
import { checkBaseUrl, checkIssuer } from './checks/issuer.ts'
import { checkKeys } from './checks/keys.ts'
import { checkAgreement, checkDocuments } from './checks/metadata.ts'
import { checkHttps, checkReachable, checkSiteRedirect } from './checks/transport.ts'
import type { Findings } from './findings.ts'

/** Decides what was found; the order is the one in which to mend. */
export function examine(findings: Findings): Check[] {
  const reachable = checkReachable(findings)
  if (reachable.status === 'failed') return [reachable]
  return [
    reachable,
    ...checkHttps(findings),
    ...checkSiteRedirect(findings),
    checkHealth(findings),
    ...checkDocuments(findings),
    ...checkAgreement(findings),
    ...checkBaseUrl(findings),
    ...checkIssuer(findings),
    ...checkKeys(findings),
    ...checkEndpoints(findings),
    ...checkRedirectUri(findings),
    ...checkCors(findings),
    ...checkSpoofedHost(findings),
    ...checkCookies(findings),
    ...checkClock(findings),
  ]
}
