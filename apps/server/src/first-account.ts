import { randomBytes } from 'node:crypto'
import type { Auth } from '@countersign/server'

/** An account made by the first start. The password exists nowhere else. */
export interface FirstAccount {
  readonly email: string
  readonly password: string
}

/** Creates the account of an administrator when there is none yet. Of several servers that start together, one does. */
export async function createFirstAccount(
  auth: Pick<Auth, '$context'>,
  email: string,
): Promise<FirstAccount | undefined> {
  const { adapter, password: hasher } = await auth.$context
  if ((await adapter.count({ model: 'user' })) > 0) return undefined
  const password = randomBytes(15).toString('base64url')
  const hash = await hasher.hash(password)
  const now = { createdAt: new Date(), updatedAt: new Date() }
  try {
    // Together, so that no start leaves a person without the password that was never printed.
    await adapter.transaction(async (rows) => {
      // The operator named the address: no link has to prove it.
      const person = { email, name: 'Owner', emailVerified: true, role: 'admin', ...now }
      const { id } = await rows.create<typeof person, { id: string }>({
        model: 'user',
        data: person,
      })
      const account = { userId: id, providerId: 'credential', accountId: id, password: hash }
      await rows.create({ model: 'account', data: { ...account, ...now } })
    })
  } catch (error) {
    // Another server was first: its account is the one that counts.
    if ((await adapter.count({ model: 'user' })) > 0) return undefined
    throw error
  }
  return { email, password }
}
