import { constraintsCover, parseConstraints } from '@countersign/protocol'
import type { Constraints } from '@countersign/protocol'
import { AgentClientError } from './errors.ts'
import { isRecord } from './http.ts'
import { badResponse } from './wire.ts'
import type { CapabilityGrant, RequestedCapability } from './wire.ts'

const operators: ReadonlySet<string> = new Set(['max', 'min', 'in', 'not_in'])

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
  for (const grant of grants) {
    const asked = requested.filter(({ name }) => name === grant.capability)
    if (grant.status !== 'active' || asked.length === 0) continue
    const granted = understood(grant.constraints)
    if (asked.some(({ constraints }) => constraintsCover(constraints, granted))) continue
    throw new AgentClientError(
      'widened_constraints',
      `The server granted ${grant.capability} more widely than it was asked for; refused.`,
      {
        details: {
          capability: grant.capability,
          granted: grant.constraints ?? null,
          requested: asked,
        },
      },
    )
  }
}

/**
 * The part of a grant's constraints this version can read.
 *
 * Operators of a later version are left out: they can only narrow, so what remains is never tighter
 * than the grant, and the comparison errs on the side of refusing.
 */
function understood(constraints: CapabilityGrant['constraints']): Constraints | null {
  if (!constraints) return null
  const fields = Object.entries(constraints).flatMap(([field, value]): [string, unknown][] => {
    if (!isRecord(value)) return [[field, value]]
    const known = Object.entries(value).filter(([operator]) => operators.has(operator))
    return known.length === 0 ? [] : [[field, Object.fromEntries(known)]]
  })
  try {
    return fields.length === 0 ? null : parseConstraints(Object.fromEntries(fields))
  } catch {
    throw badResponse('a grant with unreadable constraints')
  }
}
