import { z } from 'zod'
import type { Permissions } from '../authenticate/principal.ts'

const name = z.string().min(1).max(64)

/** Permissions as they are asked for: actions by resource. */
export const askedPermissions = z
  .record(name, z.array(name).max(100))
  .refine((permissions) => Object.keys(permissions).length <= 100, 'Too many resources.')

/** Whether everything that is asked for is in what is allowed. */
export function isWithin(asked: Permissions, allowed: Permissions): boolean {
  return Object.entries(asked).every(([resource, actions]) => {
    const possible = Object.hasOwn(allowed, resource) ? allowed[resource] : []
    return actions.every((action) => possible?.includes(action) === true)
  })
}

/** Of what is asked for, the resources that `known` has. */
export function among(asked: Permissions, known: Permissions): Permissions {
  return Object.fromEntries(
    Object.entries(asked).filter(([resource]) => Object.hasOwn(known, resource)),
  )
}
