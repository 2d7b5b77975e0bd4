import { randomBytes } from 'node:crypto'
import type { Auth } from '@countersign/server'

/** An account made by the first start. The password exists nowhere else. */
export interface FirstAccount {
  readonly email: string
  readonly password: string
}

/** Creates an account when there is none yet. Of several servers that start together, one does. */
export async function createFirstAccount(
  auth: Pick<Auth, '$context'>,
  email: string,
): Promise<FirstAccount | undefined> {
  const { adapter, internalAdapter, password: hasher } = await auth.$context
  if ((await adapter.count({ model: 'user' })) > 0) return undefined
  const password = randomBytes(15).toString('base64url')
  const hash = await hasher.hash(password)
  try {
    const user = await internalAdapter.createUser(
      { email, name: 'Owner', emailVerified: false },
      { method: 'admin' },
    )
    await internalAdapter.linkAccount({
      userId: user.id,
      providerId: 'credential',
      accountId: user.id,
      password: hash,
    })
  } catch (error) {
    // Another server was first: its account is the one that counts.
    if ((await adapter.count({ model: 'user' })) > 0) return undefined
    throw error
  }
  return { email, password }
}
