import { createAuthEndpoint } from '@better-auth/core/api'
import { ProtocolError } from '@countersign/protocol'
import { z } from 'zod'
import type { ApiKeyParts } from '../access.ts'
import { askedPermissions, isWithin } from '../permissions.ts'

/**
 * Checks a key that did not come with a request; for code on this server.
 *
 * It counts as a use. A database that is away throws: that says nothing about the key.
 */
export function verifyApiKey({ keys }: ApiKeyParts) {
  const body = z.object({ key: z.string().max(8192), permissions: askedPermissions.optional() })
  return createAuthEndpoint.serverOnly({ method: 'POST', body }, async (ctx) => {
    const { key, permissions = {} } = ctx.body
    try {
      const principal = await keys.verify(key)
      if (principal.apiKey && isWithin(permissions, principal.apiKey.permissions)) {
        return { valid: true as const, error: null, key: principal.apiKey, principal }
      }
      return refused(new ProtocolError('unauthorized'))
    } catch (error) {
      if (error instanceof ProtocolError && error.status < 500) return refused(error)
      throw error
    }
  })
}

function refused({ code, message }: ProtocolError) {
  return { valid: false as const, error: { code, message }, key: null, principal: null }
}
