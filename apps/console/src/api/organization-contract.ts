/** An organization that the person belongs to. */
export interface OrganizationView {
  id: string
  name: string
  slug: string
  createdAt: string
}

/** Somebody who belongs to an organization. */
export interface MemberView {
  id: string
  userId: string
  /** Roles with commas between them. */
  role: string
  createdAt: string
  user: { name: string; email: string }
}

/** An invitation, as members see it. */
export interface SentInvitation {
  id: string
  email: string
  role: string | null
  status: string
  expiresAt: string
}

/** An organization with all that its members see. */
export interface FullOrganization extends OrganizationView {
  members: readonly MemberView[]
  invitations: readonly SentInvitation[]
}

/** An invitation, as the invited person sees it. */
export interface InvitationView {
  id: string
  email: string
  role: string | null
  status: string
  expiresAt: string
  organizationName: string
  inviterEmail: string
}

/** Actions by resource, such as `{ invoices: ['read'] }`. */
export type Permissions = Readonly<Record<string, readonly string[]>>

/** An API key; the key itself is known only once. */
export interface ApiKeyView {
  id: string
  name: string | null
  prefix: string | null
  lastFour: string | null
  enabled: boolean
  permissions: Permissions
  expiresAt: string | null
  replacedAt: string | null
  createdAt: string
  lastRequest: string | null
}

/** A new key, with the key itself. */
export type NewApiKey = ApiKeyView & { key: string }

/** What an authenticator app needs, and the codes for the day it is lost. */
export interface SecondFactorSetup {
  totpURI: string
  backupCodes: readonly string[]
}
