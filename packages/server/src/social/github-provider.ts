import type { OAuthProvider } from '@better-auth/core/oauth2'
import { github } from '@better-auth/core/social-providers'
import type { ResolvedProvider } from './options.ts'
import { userOf } from './user-of.ts'

/** GitHub, whose people are known by their number and whose addresses come from a list of their own. */
export function githubProvider(config: ResolvedProvider): OAuthProvider {
  const { clientId, clientSecret = '', scopes, signUp } = config
  const provider = github({ clientId, clientSecret, scope: [...scopes], disableSignUp: !signUp })
  return {
    id: provider.id,
    name: provider.name,
    options: { disableSignUp: !signUp },
    accountSubject: ({ profile }) => (profile as { id: string | number }).id,
    createAuthorizationURL: ({ state, codeVerifier, redirectURI, loginHint, scopes: more }) =>
      provider.createAuthorizationURL({
        state,
        codeVerifier,
        redirectURI,
        loginHint,
        scopes: more,
      }),
    validateAuthorizationCode: provider.validateAuthorizationCode,
    refreshAccessToken: provider.refreshAccessToken,
    async getUserInfo(tokens) {
      const found = await provider.getUserInfo(tokens)
      if (!found) return null
      const { email, emailVerified, name, image } = found.user
      const claims = { email, email_verified: emailVerified, name, picture: image }
      return { user: userOf(claims, config), data: found.data }
    },
  }
}
