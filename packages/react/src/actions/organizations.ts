import { textOf } from '../http/json.ts'
import type { ActionContext } from './context.ts'
import { listOf } from './list-of.ts'

/** An organization that the person belongs to. */
export interface Organization {
  readonly id: string
  readonly name: string
}

/** An open invitation to an organization. */
export interface Invitation {
  readonly id: string
  readonly organizationName: string
}

/** The organizations of the person who is signed in. */
export function organizationActions({ http, store }: ActionContext) {
  return {
    /** All that the person belongs to. */
    async listOrganizations(): Promise<readonly Organization[]> {
      return listOf(await http.get('/organization/list'), (row) => ({
        id: String(row['id']),
        name: textOf(row, 'name') ?? '',
      }))
    },

    /** Chooses the one to work in; null for none. */
    async setActiveOrganization(organizationId: string | null): Promise<void> {
      await http.post('/organization/set-active', { organizationId })
      await store.changed()
    },

    /** Open invitations to the person's address. */
    async listInvitations(): Promise<readonly Invitation[]> {
      return listOf(await http.get('/organization/list-user-invitations'), (row) => ({
        id: String(row['id']),
        organizationName: textOf(row, 'organizationName') ?? '',
      }))
    },

    /** Joins. The organization becomes the active one. */
    async acceptInvitation(invitationId: string): Promise<void> {
      await http.post('/organization/accept-invitation', { invitationId })
      await store.changed()
    },

    /** Declines. */
    async rejectInvitation(invitationId: string): Promise<void> {
      await http.post('/organization/reject-invitation', { invitationId })
    },
  }
}
