import { expect, it } from 'vitest'
import { isDue, refreshTime, type RefreshFailure, type VaultRecord } from './health.ts'

const now = 1_800_000_000_000

function record(overrides: Partial<VaultRecord> = {}): VaultRecord {
  const token = { access_token: 'a', refresh_token: 'r', expires_at: now / 1000 }
  return { grant: 'g', token, lifetime: 3600, refreshAt: now, ...overrides }
}

function failed(overrides: Partial<RefreshFailure>): Pick<VaultRecord, 'failure'> {
  return { failure: { reason: 'unavailable', attempts: 1, retry_at: now, ...overrides } }
}

it.each([
  ['is due when its time comes', record(), true],
  ['is not due a moment before', record({ refreshAt: now + 1 }), false],
  ['is never due without refresh token', record({ token: { access_token: 'a' } }), false],
  [
    'is never due without expiry',
    { grant: 'g', token: record().token, lifetime: undefined },
    false,
  ],
  ['is due again when the pause is over', record(failed({})), true],
  ['is not due during the pause', record(failed({ retry_at: now + 1 })), false],
  [
    'is never due once it was rejected',
    record({ failure: { reason: 'rejected', attempts: 1 } }),
    false,
  ],
])('a record %s', (_title, subject, due) => {
  expect(isDue(subject, now)).toBe(due)
})

it.each([
  [3600, 60, 0, 3540],
  [3600, 60, 1, 3570],
  [100, 60, 0, 80],
  [100, 60, 1, 90],
  [3600, 0, 0, 3600],
  [0, 60, 0, 0],
])(
  'a token of %i s, refreshed %i s early with luck %i, after %i s',
  (lifetime, early, luck, after) => {
    const received = { token: { access_token: 'a' }, lifetime }
    expect(refreshTime(received, { now, early, luck })).toEqual({ refreshAt: now + after * 1000 })
  },
)
