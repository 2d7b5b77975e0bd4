import { createAuth } from '@countersign/server'
import { admin } from 'better-auth/plugins/admin'
import { username } from 'better-auth/plugins/username'

/** A server with two more plugins, as an app has it. */
export const auth = createAuth({
  connectionString: 'postgres://app@localhost/app',
  plugins: [admin(), username()],
})

/** Endpoints of the default plugins and of the added ones, with what they take and return. */
export async function useApi(headers: Headers) {
  const session = await auth.api.getSession({ headers })
  const organization = await auth.api.createOrganization({
    headers,
    body: { name: 'Ada and friends', slug: 'ada' },
  })
  const key = await auth.api.createApiKey({ headers, body: { name: 'deploy' } })
  const users = await auth.api.listUsers({ headers, query: { limit: 10 } })
  const { available } = await auth.api.isUsernameAvailable({ body: { username: 'ada' } })
  return {
    email: session?.user.email satisfies string | undefined,
    username: session?.user.username satisfies string | null | undefined,
    role: session?.user.role satisfies string | null | undefined,
    slug: organization?.slug satisfies string | undefined,
    key: key.key satisfies string,
    total: users.total satisfies number,
    available: available satisfies boolean,
    code: auth.$ERROR_CODES.USERNAME_TOO_SHORT.code satisfies string,
  }
}

/** What nobody brought is not there. */
export function useNothing() {
  // @ts-expect-error -- no plugin has this endpoint
  void auth.api.sendMessage
}
