import type { ProviderContext } from '../context.ts'
import type { TrustedAssertion } from './trusted-issuers.ts'

/**
 * The id of the person that somebody else's assertion is about: whose account is linked to that
 * issuer and subject, or where the issuer is trusted with it, whose confirmed address it confirms.
 */
export async function linkedPerson(
  { auth }: ProviderContext,
  { issuer, subject, claims }: TrustedAssertion,
): Promise<string | null> {
  const account = await auth.adapter.findOne<{ userId: string }>({
    model: 'account',
    where: [
      { field: 'providerId', value: issuer.accountProvider ?? new URL(issuer.issuer).host },
      { field: 'accountId', value: subject },
    ],
  })
  if (account) return account.userId
  const { email, email_verified: isConfirmed } = claims
  if (!issuer.trustEmail || isConfirmed !== true || typeof email !== 'string') return null
  const user = await auth.adapter.findOne<{ id: string; emailVerified: boolean }>({
    model: 'user',
    where: [{ field: 'email', value: email.toLowerCase() }],
  })
  return user?.emailVerified ? user.id : null
}
