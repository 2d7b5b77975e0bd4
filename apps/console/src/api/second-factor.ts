import type { SecondFactorSetup } from './organization-contract.ts'
import { post } from './request.ts'

/** Begins the set-up of an authenticator app; it counts once a first code was right. */
export function beginSecondFactor(password: string): Promise<SecondFactorSetup> {
  return post('/two-factor/enable', { password })
}

/** Ends the set-up with a first code. */
export function confirmSecondFactor(code: string): Promise<unknown> {
  return post('/two-factor/verify-totp', { code: code.replaceAll(/\s/g, '') })
}

/** Makes new backup codes; the old ones end. */
export async function renewBackupCodes(password: string): Promise<readonly string[]> {
  const path = '/two-factor/generate-backup-codes'
  return (await post<{ backupCodes: readonly string[] }>(path, { password })).backupCodes
}

/** Turns the second factor off. */
export function endSecondFactor(password: string): Promise<unknown> {
  return post('/two-factor/disable', { password })
}
