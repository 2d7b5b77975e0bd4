import { ConfigurationError } from '../../env.ts'
import { ASSERTION_ALGORITHMS } from './algorithms.ts'
import type { AssertionAudience, TrustedIssuer } from './options.ts'

interface Checked {
  readonly trustedIssuers: readonly TrustedIssuer[]
  readonly assertionAudiences: readonly AssertionAudience[]
  /** By name. */
  readonly scopes: ReadonlyMap<string, unknown>
}

/** Throws `ConfigurationError` for trusted issuers and audiences that cannot work, or trust too much. */
export function checkTrustedIssuers(options: Checked): void {
  const { trustedIssuers, assertionAudiences, scopes } = options
  for (const { issuer, algorithms = [], subjects = [] } of trustedIssuers) {
    requireUrl(issuer, 'trustedIssuers')
    const weak = algorithms.find((algorithm) => !ASSERTION_ALGORITHMS.includes(algorithm))
    if (weak !== undefined) refuse(`The trusted issuer ${issuer} may not sign with \`${weak}\`.`)
    for (const { subject, scopes: own = [] } of subjects) {
      const unknown = own.find((scope) => !scopes.has(scope))
      if (unknown !== undefined) {
        refuse(
          `The subject ${subject} has the scope \`${unknown}\`: describe it in \`provider.scopes\`.`,
        )
      }
      // One workload of the issuer would be as good as any other.
      if (/^\*+$/.test(subject))
        refuse(`The trusted issuer ${issuer} needs subjects, not \`${subject}\`.`)
    }
  }
  requireDistinct(trustedIssuers.map(({ issuer }) => issuer))
  for (const { issuer } of assertionAudiences) requireUrl(issuer, 'assertionAudiences')
}

function requireUrl(issuer: string, option: string): void {
  if (!/^https?:$/.test(URL.canParse(issuer) ? new URL(issuer).protocol : '')) {
    refuse(`\`provider.${option}\` needs issuers as they stand in \`iss\`: URLs.`)
  }
}

function requireDistinct(issuers: readonly string[]): void {
  const twice = issuers.find((issuer, index) => issuers.indexOf(issuer) !== index)
  if (twice !== undefined) refuse(`\`provider.trustedIssuers\` has ${twice} twice.`)
}

function refuse(message: string): never {
  throw new ConfigurationError(message)
}
