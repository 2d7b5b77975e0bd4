import type { OrganizationOptions as BetterAuthOrganizationOptions } from 'better-auth/plugins/organization'
import type { Permissions } from '../authenticate/principal.ts'
import { ConfigurationError } from '../env.ts'

/** What roles may do in an organization, and how people are invited. */
export interface OrganizationOptions {
  /**
   * More roles, and more permissions for `owner`, `admin` and `member`: actions by resource, such as
   * `{ owner: { invoice: ['pay'] }, clerk: { invoice: ['read'] } }`.
   *
   * @default {}
   */
  roles?: Readonly<Record<string, Permissions>> | undefined
  /**
   * How many members an organization may have.
   *
   * @default 10000
   */
  membershipLimit?: number | undefined
  /** Sends an invitation. Without it the inviter passes on the link. */
  sendInvitationEmail?: BetterAuthOrganizationOptions['sendInvitationEmail']
}

/** Organization options with every default filled in. */
export interface ResolvedOrganizationOptions {
  readonly roles: Readonly<Record<string, Permissions>>
  readonly membershipLimit: number
  readonly sendInvitationEmail: BetterAuthOrganizationOptions['sendInvitationEmail']
}

/** Fills in defaults, and refuses names of roles that could be read as several. */
export function resolveOrganizationOptions({
  roles = {},
  membershipLimit = 10_000,
  sendInvitationEmail,
}: OrganizationOptions = {}): ResolvedOrganizationOptions {
  const bad = Object.keys(roles).find((role) => !isRoleName(role))
  if (bad !== undefined) {
    throw new ConfigurationError(
      `\`organizations.roles\`: ${JSON.stringify(bad)} must be letters, digits, "-" and "_".`,
    )
  }
  return { roles, membershipLimit, sendInvitationEmail }
}

/** Whether a text names one role: several are stored with commas between them. */
export function isRoleName(text: string): boolean {
  return /^[\w-]{1,64}$/.test(text)
}
