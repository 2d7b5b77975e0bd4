import { textOf } from '../http/json.ts'
import { createPasskey } from '../webauthn/passkey.ts'
import type { ActionContext } from './context.ts'
import { listOf } from './list-of.ts'

/** A passkey of the person who is signed in. */
export interface Passkey {
  readonly id: string
  readonly name: string | null
  /** ISO 8601. */
  readonly createdAt: string | null
  /** Whether it is synced between devices. */
  readonly backedUp: boolean
}

/** The passkeys of the person who is signed in. */
export function passkeyActions({ http }: ActionContext) {
  return {
    /** All of them. */
    async listPasskeys(): Promise<readonly Passkey[]> {
      return listOf(await http.get('/passkey/list-user-passkeys'), (row) => ({
        id: String(row['id']),
        name: textOf(row, 'name') || null,
        createdAt: textOf(row, 'createdAt'),
        backedUp: row['backedUp'] === true,
      }))
    },

    /** Makes one on this device. `SESSION_NOT_FRESH` asks for a sign-in first. */
    async addPasskey(name = ''): Promise<void> {
      const query = name.trim() === '' ? '' : `?${new URLSearchParams({ name: name.trim() })}`
      const asked = await http.get(`/passkey/generate-register-options${query}`)
      const response = await createPasskey(asked as PublicKeyCredentialCreationOptionsJSON)
      const named = name.trim() === '' ? {} : { name: name.trim() }
      await http.post('/passkey/verify-registration', { response, ...named })
    },

    /** Gives one another name. */
    async renamePasskey(id: string, name: string): Promise<void> {
      await http.post('/passkey/update-passkey', { id, name: name.trim() })
    },

    /** Removes one. */
    async deletePasskey(id: string): Promise<void> {
      await http.post('/passkey/delete-passkey', { id })
    },
  }
}
