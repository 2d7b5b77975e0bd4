import type { FullOrganization, InvitationView, OrganizationView } from './organization-contract.ts'
import { get, post } from './request.ts'

/** Lists the organizations that the person belongs to. */
export function listOrganizations(signal: AbortSignal): Promise<readonly OrganizationView[]> {
  return get('/organization/list', { signal })
}

/** Reads one organization with its members and invitations. */
export function getOrganization(
  organizationId: string,
  signal: AbortSignal,
): Promise<FullOrganization> {
  return get('/organization/get-full-organization', { query: { organizationId }, signal })
}

/** Makes an organization; the person owns it. */
export function createOrganization(name: string, slug: string): Promise<OrganizationView> {
  return post('/organization/create', { name, slug })
}

/** Gives an organization another name. */
export function renameOrganization(organizationId: string, name: string): Promise<unknown> {
  return post('/organization/update', { organizationId, data: { name } })
}

/** Chooses the organization to work in; null for none. */
export function setActiveOrganization(organizationId: string | null): Promise<unknown> {
  return post('/organization/set-active', { organizationId })
}

/** Ends an organization with everything that belongs to it. */
export function deleteOrganization(organizationId: string): Promise<unknown> {
  return post('/organization/delete', { organizationId })
}

/** Leaves an organization. */
export function leaveOrganization(organizationId: string): Promise<unknown> {
  return post('/organization/leave', { organizationId })
}

/** Invites somebody by e-mail. */
export function inviteMember(invitation: {
  organizationId: string
  email: string
  role: string
}): Promise<{ id: string }> {
  return post('/organization/invite-member', { ...invitation, resend: true })
}

/** Takes an invitation back. */
export function cancelInvitation(invitationId: string): Promise<unknown> {
  return post('/organization/cancel-invitation', { invitationId })
}

/** Gives a member another role. */
export function setMemberRole(member: {
  organizationId: string
  memberId: string
  role: string
}): Promise<unknown> {
  return post('/organization/update-member-role', member)
}

/** Takes a member out of an organization. */
export function removeMember(organizationId: string, memberId: string): Promise<unknown> {
  return post('/organization/remove-member', { organizationId, memberIdOrEmail: memberId })
}

/** Reads an invitation to the signed-in person. */
export function getInvitation(id: string, signal: AbortSignal): Promise<InvitationView> {
  return get('/organization/get-invitation', { query: { id }, signal })
}

/** Lists the open invitations to the signed-in person. */
export function listInvitations(
  signal: AbortSignal,
): Promise<readonly { id: string; organizationName: string; role: string }[]> {
  return get('/organization/list-user-invitations', { signal })
}

/** Joins the organization of an invitation. */
export function acceptInvitation(invitationId: string): Promise<unknown> {
  return post('/organization/accept-invitation', { invitationId })
}

/** Declines an invitation. */
export function rejectInvitation(invitationId: string): Promise<unknown> {
  return post('/organization/reject-invitation', { invitationId })
}
