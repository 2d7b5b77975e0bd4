import { failed, passed, warning } from '../check.ts'
import type { Check } from '../check.ts'
import { serverMetadata } from '../documents.ts'
import type { Findings } from '../findings.ts'
import { jsonOf } from '../probe.ts'
import { outcomeOf } from './words.ts'

type Key = Readonly<Record<string, unknown>>

/** Whether tokens can be verified: the key set is there, and holds public keys only. */
export function checkKeys({ keys, documents }: Findings): Check[] {
  if (!keys) return []
  const { url } = keys
  if (keys.status !== 200) {
    return [
      failed('jwks', {
        message: `The key set is missing: ${outcomeOf(keys)}.`,
        advice:
          'Let the proxy pass this address to Countersign: nobody can verify a token without it.',
        url,
      }),
    ]
  }
  const set = jsonOf(keys)?.['keys']
  if (!Array.isArray(set) || set.length === 0) {
    return [
      failed('jwks', {
        message: set === undefined ? 'The key set is not JSON.' : 'The key set is empty.',
        advice: 'Let Countersign answer here, and not a page or a cache.',
        url,
      }),
    ]
  }
  return [judgeKeys(set as readonly Key[], algorithmsOf(documents), url)]
}

function judgeKeys(keys: readonly Key[], algorithms: readonly string[], url: string): Check {
  if (keys.some((key) => key['d'] !== undefined || key['k'] !== undefined)) {
    return failed('jwks', {
      message: 'The key set publishes a private key.',
      advice: 'Rotate the signing keys now, and publish only their public parts.',
      url,
    })
  }
  const ids = keys.map((key) => key['kid'])
  if (ids.some((id) => typeof id !== 'string') || new Set(ids).size < ids.length) {
    return failed('jwks', {
      message: 'A key has no id of its own.',
      advice: 'Give every key a kid that no other key has.',
      url,
    })
  }
  const missing = algorithms.filter((algorithm) => !keys.some((key) => signs(key, algorithm)))
  if (missing.length > 0) {
    return warning('jwks', {
      message: `No key signs with ${missing.join(', ')}, which the metadata names.`,
      advice: 'Make a key: countersign oidc rotate-keys.',
      url,
    })
  }
  return passed('jwks', { message: `The key set has ${keys.length} public keys.`, url })
}

function algorithmsOf(documents: Findings['documents']): string[] {
  const values = serverMetadata(documents.filter(({ place }) => place.kind === 'openid'))[
    'id_token_signing_alg_values_supported'
  ]
  return Array.isArray(values) ? values.filter((value) => typeof value === 'string') : []
}

function signs(key: Key, algorithm: string): boolean {
  if (typeof key['alg'] === 'string') return key['alg'] === algorithm
  const types: Readonly<Record<string, string>> = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' }
  return key['kty'] === types[algorithm.slice(0, 2)]
}
