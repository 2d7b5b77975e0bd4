import { isRecord } from '../http/json.ts'
import type { ActionContext } from './context.ts'

/** What an authenticator app needs, and what to keep for the day it is lost. */
export interface TwoFactorSetup {
  /** `otpauth://` address, for a QR code. */
  readonly uri: string
  /** The same secret in base32, to be typed. */
  readonly secret: string
  readonly backupCodes: readonly string[]
}

/** A code, and whether this device is asked again within 30 days. */
export interface TypedCode {
  readonly code: string
  readonly trustDevice?: boolean
}

/** Codes from an authenticator app. */
export function twoFactorActions({ http, store }: ActionContext) {
  return {
    /** Begins the set-up; it counts once a first code was right. */
    async enableTwoFactor(password: string): Promise<TwoFactorSetup> {
      const answer = await http.post('/two-factor/enable', { password })
      const { totpURI, backupCodes } = isRecord(answer) ? answer : {}
      // It becomes a link, so it must not be one of another kind.
      const isKey = typeof totpURI === 'string' && totpURI.startsWith('otpauth://')
      const uri = isKey ? totpURI : ''
      const secret = new URLSearchParams(uri.slice(uri.indexOf('?'))).get('secret') ?? ''
      const codes = Array.isArray(backupCodes) ? backupCodes.map(String) : []
      return { uri, secret, backupCodes: codes }
    },

    /** Proves a code: the first one ends the set-up, later ones a sign-in. */
    async verifyTotp({ code, trustDevice = false }: TypedCode): Promise<void> {
      await http.post('/two-factor/verify-totp', { code: code.replace(/\s/g, ''), trustDevice })
      await store.changed()
    },

    /** Uses up a backup code to end a sign-in. */
    async verifyBackupCode({ code, trustDevice = false }: TypedCode): Promise<void> {
      await http.post('/two-factor/verify-backup-code', { code: code.trim(), trustDevice })
      await store.changed()
    },

    /** Turns codes off. */
    async disableTwoFactor(password: string): Promise<void> {
      await http.post('/two-factor/disable', { password })
      await store.changed()
    },
  }
}
