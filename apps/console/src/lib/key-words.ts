import type { ApiKeyView } from '../api/organization-contract.ts'

/** How an API key stands. */
export interface KeyStanding {
  words: string
  tone: 'good' | 'warn' | 'neutral' | 'danger'
  works: boolean
}

/** Says whether an API key works. */
export function keyStanding(
  { enabled, expiresAt, replacedAt }: Pick<ApiKeyView, 'enabled' | 'expiresAt' | 'replacedAt'>,
  now: number,
): KeyStanding {
  if (!enabled) return { words: 'Turned off', tone: 'danger', works: false }
  if (expiresAt !== null && Date.parse(expiresAt) <= now) {
    return { words: 'Ended', tone: 'neutral', works: false }
  }
  if (replacedAt !== null) return { words: 'Being replaced', tone: 'warn', works: true }
  return { words: 'Works', tone: 'good', works: true }
}

/** How long a new key can live, in seconds; an empty value is no end. */
export const keyLives = [
  { value: '2592000', label: '30 days' },
  { value: '7776000', label: '90 days' },
  { value: '31536000', label: 'One year' },
  { value: '', label: 'Until deleted' },
] as const
