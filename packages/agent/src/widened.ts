import { AgentClientError } from './errors.ts'
import { isRecord } from './json.ts'
import type { CapabilityGrant, RequestedCapability } from './wire.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * Refuses grants that allow more than was asked for (§2.13).
 *
 * A server that hands out more than a person was shown is broken or hostile; a capability that was
 * never asked for comes from the host's defaults and is not compared.
 */
export function assertNotWidened(
  requested: readonly RequestedCapability[],
  grants: readonly CapabilityGrant[],
): void {
  for (const { capability, status, constraints: granted = null } of grants) {
    const asked = requested.filter(({ name }) => name === capability)
    if (status !== 'active' || asked.length === 0) continue
    if (asked.some(({ constraints }) => isWithin(granted, constraints))) continue
    throw new AgentClientError(
      'widened_constraints',
      `The server granted more of ${capability} than was asked for.`,
      { details: { capability, granted, requested: asked } },
    )
  }
}

/**
 * Reports whether everything `inner` allows is allowed by `outer` too.
 *
 * Says no when in doubt. Unlike `constraintsCover`, which it never contradicts with a yes, it reads
 * constraints that nobody checked: operators of a later version are left out, because they can only
 * narrow what the others allow.
 */
export function isWithin(inner: Fields | null, outer: Fields | null): boolean {
  return Object.entries(outer ?? {}).every(
    ([field, limit]) =>
      inner !== null && Object.hasOwn(inner, field) && isFieldWithin(inner[field], limit),
  )
}

function isFieldWithin(inner: unknown, outer: unknown): boolean {
  const [granted, asked] = [operators(inner), operators(outer)]
  const values = list(granted['in'])
  if (values) return values.every((value) => !accepts(granted, value) || accepts(asked, value))
  return (
    !asked['in'] &&
    (asked['max'] === undefined || atMost(granted['max'], asked['max'])) &&
    (asked['min'] === undefined || atMost(asked['min'], granted['min'])) &&
    (list(asked['not_in']) ?? []).every((value) => !accepts(granted, value))
  )
}

function accepts({ max, min, in: some, not_in: none }: Fields, value: unknown): boolean {
  return (
    (max === undefined || atMost(value, max)) &&
    (min === undefined || atMost(min, value)) &&
    (list(some)?.includes(value) ?? true) &&
    !list(none)?.includes(value)
  )
}

/** An exact value is a list of one. */
function operators(constraint: unknown): Fields {
  return isRecord(constraint) ? constraint : { in: [constraint] }
}

function list(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined
}

/** Numbers only: "100" is at most 200 for JavaScript, but not for a server. */
function atMost(a: unknown, b: unknown): boolean {
  return typeof a === 'number' && typeof b === 'number' && a <= b
}
