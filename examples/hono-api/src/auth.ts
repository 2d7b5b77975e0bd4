import { type AuthOptions, createAuth } from '@countersign/server'

/** Who may use the API: people with sessions, and programs with the API keys of an organization. */
export function openAuth(options: AuthOptions<never[]> = {}) {
  return createAuth({
    apiKeys: {
      // What people may let a key do, and how often a key may be used.
      permissions: { reports: ['write'] },
      rateLimit: { max: 60, window: 60 },
    },
    ...options,
  })
}

export type Authority = ReturnType<typeof openAuth>
