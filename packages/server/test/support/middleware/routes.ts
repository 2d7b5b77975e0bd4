import type { GuardedRoute, Protection } from './services.ts'
import type { MiddlewareWorld } from './world.ts'

/** The routes of an application under test: one for everything a guard can be asked for. */
export function routesOf({ auth, away }: MiddlewareWorld): readonly GuardedRoute[] {
  const by = (maker: Protection['by'], options: Protection['options'] = {}): Protection => ({
    auth,
    by: maker,
    options,
  })
  const guarded = (options: Protection['options'] = {}) => [by('guard', options)]
  const permission = { resource: 'reports', action: 'write' }
  return [
    { path: '/any', guards: guarded() },
    { path: '/api/session', guards: [by('createSessionMiddleware')] },
    { path: '/api/key', guards: [by('createApiKeyMiddleware')] },
    { path: '/optional', guards: guarded({ optional: true }) },
    { path: '/role', guards: guarded({ role: ['owner', 'admin'] }) },
    { path: '/permission', guards: guarded({ permission }) },
    {
      path: '/organization',
      guards: guarded({ organization: true, permission: { resource: 'reports', action: 'read' } }),
    },
    { path: '/scope', guards: guarded({ scope: ['reports:read', 'reports:write'] }) },
    { path: '/agent', guards: guarded({ methods: ['agent'] }) },
    { path: '/away', guards: [{ auth: away, by: 'guard', options: {} }] },
    { path: '/away-optional', guards: [{ auth: away, by: 'guard', options: { optional: true } }] },
    {
      path: '/stacked',
      guards: [
        ...guarded({ methods: ['api-key', 'agent'] }),
        ...guarded({ methods: ['api-key', 'agent'] }),
      ],
    },
    {
      path: '/broken',
      guards: [
        {
          auth: { ...auth, authenticate: () => Promise.reject(new TypeError('secret of a bug')) },
          by: 'guard',
          options: { optional: true },
        },
      ],
    },
    {
      path: '/either',
      guards: [
        by('createSessionMiddleware', { optional: true }),
        by('createApiKeyMiddleware', { optional: true }),
      ],
    },
  ]
}
