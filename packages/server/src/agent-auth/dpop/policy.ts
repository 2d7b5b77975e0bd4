import type { Capability } from '../capability.ts'

/** Whether agent JWTs are bound to a DPoP key: never, as the agent likes, or always. */
export type DpopMode = 'off' | 'optional' | 'required'

/** How a server handles proofs of possession (specification, 8.14). */
export interface DpopPolicy {
  readonly mode: DpopMode
  /** Whether a proof must carry a nonce of this server (RFC 9449 section 8). */
  readonly nonce: boolean
}

/** The policy of the `dpop` option, with its defaults. */
export function dpopPolicy(
  option: DpopMode | { mode: DpopMode; nonce?: boolean } = 'optional',
): DpopPolicy {
  const { mode, nonce = true } = typeof option === 'string' ? { mode: option } : option
  return { mode, nonce: nonce && mode !== 'off' }
}

/** Whether executing a capability takes a bound JWT. */
export function takesProof({ mode }: DpopPolicy, { dpop = false }: Capability): boolean {
  return mode === 'required' || dpop
}

/** What is wrong with a policy, given the capabilities it has to serve. */
export function dpopProblem(
  { mode }: DpopPolicy,
  capabilities: readonly Capability[],
): string | undefined {
  if (!['off', 'optional', 'required'].includes(mode)) {
    return '`dpop` must be `off`, `optional` or `required`'
  }
  const impossible = mode === 'off' && capabilities.find(({ dpop }) => dpop)
  return impossible
    ? `the capability \`${impossible.name}\` demands DPoP, and \`dpop\` is \`off\``
    : undefined
}
