import { checkConstraints, type LocationGrant } from '@countersign/protocol'
import type { Arguments } from './agent.ts'

/**
 * The first grant that allows one execution and is not counted, or `null`.
 *
 * Several grants of one capability never add up. `null` is no denial: only the authority knows what
 * is left of a counted grant. `now` is in milliseconds since the epoch.
 */
export function coveringGrant(
  grants: readonly LocationGrant[],
  execution: { readonly capability: string; readonly arguments: Arguments; readonly now: number },
): LocationGrant | null {
  const { capability, now } = execution
  const covers = (grant: LocationGrant) =>
    grant.capability === capability &&
    !grant.metered &&
    isLive(grant, now) &&
    checkConstraints(grant.constraints, { ...execution.arguments }).length === 0
  return grants.find(covers) ?? null
}

function isLive({ expires_at: end }: LocationGrant, now: number): boolean {
  return end === null || Date.parse(end) > now
}
