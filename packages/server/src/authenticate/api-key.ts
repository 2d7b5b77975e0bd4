import { createHash } from 'node:crypto'
import { ProtocolError } from '@countersign/protocol'
import { z } from 'zod'
import { isBanned } from '../agent-auth/people.ts'
import { badCredential } from './credential.ts'
import type { Permissions, UserPrincipal } from './principal.ts'
import type { ApiKeyVerification, AuthServer } from './server.ts'

const permissionsSchema = z.record(z.string(), z.array(z.string()))

interface StoredUser {
  id: string
  email: string
  emailVerified: boolean
  name: string
}

/**
 * The person an API key belongs to, limited to what the key permits.
 *
 * The key is looked up before Better Auth checks it: its check answers "invalid" when the database
 * fails, and a look-up of our own tells both apart.
 */
export async function authenticateApiKey(server: AuthServer, key: string): Promise<UserPrincipal> {
  const { adapter } = server.context
  const hash = createHash('sha256').update(key).digest('base64url')
  const stored = server.verifyApiKey
    ? await adapter.findOne({ model: 'apikey', where: [{ field: 'key', value: hash }] })
    : null
  if (!server.verifyApiKey || !stored) throw invalid()

  const verification = await server.verifyApiKey(key)
  if (!verification.valid || !verification.key) throw await refusal(server, verification)
  const { id, referenceId, permissions } = verification.key
  const user = await adapter.findOne<StoredUser>({
    model: 'user',
    where: [{ field: 'id', value: referenceId }],
  })
  // Keys name their owner without a foreign key; one whose owner is gone or banned is dead.
  if (!user || isBanned(user, Date.now())) throw invalid()
  return {
    kind: 'user',
    method: 'api-key',
    userId: user.id,
    email: user.email,
    emailVerified: user.emailVerified,
    name: user.name,
    apiKey: { id, permissions: parsePermissions(permissions) },
  }
}

async function refusal(server: AuthServer, { error }: ApiKeyVerification): Promise<ProtocolError> {
  if (error?.code === 'RATE_LIMITED' || error?.code === 'USAGE_EXCEEDED') {
    const wait = Number(error.details?.tryAgainIn)
    const seconds = Number.isFinite(wait) ? Math.max(1, Math.ceil(wait / 1000)) : 60
    return new ProtocolError('rate_limited', { headers: { 'retry-after': String(seconds) } })
  }
  await server.ping()
  return invalid()
}

/** A key without permissions reaches nothing; permissions that cannot be read are none. */
function parsePermissions(value: unknown): Permissions {
  const { success, data } = permissionsSchema.safeParse(value)
  return success ? data : {}
}

function invalid(): ProtocolError {
  return badCredential('The API key is not valid.')
}
