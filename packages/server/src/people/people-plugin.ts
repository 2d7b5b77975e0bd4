import type { BetterAuthPlugin } from '@better-auth/core'
import { admin } from 'better-auth/plugins/admin'

/**
 * Better Auth's administration of people: roles and bans.
 *
 * Without impersonation: who acts is always the person whose credential it was.
 */
export function peoplePlugin() {
  const { endpoints, schema, hooks: _, ...plugin } = admin()
  const { impersonateUser: _impersonate, stopImpersonating: _stop, ...kept } = endpoints
  const { role, ...others } = schema.user.fields
  // As a default, so that the answer to a sign-up with a taken address has it, too.
  const fields = { ...others, role: { ...role, defaultValue: 'user' } }
  return { ...plugin, schema: { user: { fields } }, endpoints: kept } satisfies BetterAuthPlugin
}

/** Whether a person administers this server. Roles are stored with commas between them. */
export function isAdministrator(user: object): boolean {
  const role = 'role' in user && typeof user.role === 'string' ? user.role : ''
  return role.split(',').includes('admin')
}
