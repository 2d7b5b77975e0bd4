import { requireAdministrator } from '../access.ts'
import { administrationRoute } from '../endpoint.ts'

/**
 * `POST /oidc/keys/rotate`: publishes a new signing key, which takes over in ten minutes. What the old
 * one signed stays valid until it expires.
 */
export const rotateKeys = administrationRoute({
  method: 'POST',
  path: '/oidc/keys/rotate',
  async handle({ context, caller }) {
    requireAdministrator(caller)
    return { body: { kid: await context.keys.rotate() } }
  },
})
