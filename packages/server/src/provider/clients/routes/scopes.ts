import { administrationRoute } from '../endpoint.ts'

/** `GET /oidc/scopes`: what applications can be given, in a person's words. */
export const listScopes = administrationRoute({
  method: 'GET',
  path: '/oidc/scopes',
  async handle({ context }) {
    return { body: { scopes: [...context.options.scopes.values()] } }
  },
})
