import type { BetterAuthPlugin } from '@better-auth/core'
import { createAccessControl } from 'better-auth/plugins/access'
import { organization } from 'better-auth/plugins/organization'
import type { Permissions } from '../authenticate/principal.ts'
import type { OwnDatabase } from '../lookup/own-database.ts'
import { guardOrganizations } from './guard.ts'
import { Memberships } from './memberships.ts'
import type { ResolvedOrganizationOptions } from './options.ts'
import { roleMatrix, unite } from './roles.ts'

/** What the front door knows of organizations. */
export interface OrganizationParts {
  readonly memberships: Memberships
  /** What each role allows. */
  readonly matrix: ReadonlyMap<string, Permissions>
}

/** Builds what plugin and front door share. */
export function organizationParts(
  { roles }: ResolvedOrganizationOptions,
  own: OwnDatabase | null,
): OrganizationParts {
  return { memberships: new Memberships(own), matrix: roleMatrix(roles) }
}

/** Better Auth's organizations with teams, on our role matrix and behind our guard. */
export function organizationPlugin(
  { membershipLimit, sendInvitationEmail }: ResolvedOrganizationOptions,
  { memberships, matrix }: OrganizationParts,
) {
  const ac = createAccessControl(mutable(unite([...matrix.values()])))
  const roles = Object.fromEntries(
    [...matrix].map(([name, permissions]) => [name, ac.newRole(mutable(permissions))]),
  )
  const plugin = organization({
    ac,
    roles,
    teams: { enabled: true },
    membershipLimit,
    // Who registers somebody else's address must not get what was meant for them.
    requireEmailVerificationOnInvitation: true,
    cancelPendingInvitationsOnReInvite: true,
    ...(sendInvitationEmail && { sendInvitationEmail }),
  })
  return {
    ...plugin,
    init(context) {
      memberships.start(context)
    },
    hooks: {
      before: [
        {
          matcher: ({ path }) => path?.startsWith('/organization/') === true,
          handler: guardOrganizations,
        },
      ],
    },
  } satisfies BetterAuthPlugin
}

function mutable(permissions: Permissions): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(permissions).map(([resource, actions]) => [resource, [...actions]]),
  )
}
