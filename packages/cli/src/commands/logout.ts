import { AccountError } from '../account/account-error.ts'
import { findSignIn, namedServer, serverOption } from '../account/account.ts'
import { discoverServer } from '../account/authorization-server.ts'
import { request } from '../account/request.ts'
import { clientId } from '../account/sign-in.ts'
import type { SignIn } from '../account/sign-in.ts'
import type { Command } from '../command.ts'
import { openSignIns } from '../storage.ts'

/** Ends a sign-in here and, if the server can be reached, there. */
export const logout: Command = {
  name: 'logout',
  usage: 'countersign logout [--server <url>]',
  summary: 'Sign out of a server',
  words: [],
  options: serverOption,
  async run(input, { terminal }) {
    const signIns = await openSignIns(terminal)
    const signIn = await findSignIn(signIns, namedServer(input, terminal))
    await signIns.update(signIn.issuer, () => undefined)
    const revoked = await revoke(signIn, terminal.signal)
    const { issuer } = signIn
    return {
      value: { issuer, revoked },
      lines: revoked
        ? [`Signed out of ${issuer}.`]
        : [`Signed out of ${issuer} here. It could not be told: remove the sign-in there, too.`],
    }
  },
}

/** RFC 7009. What is deleted here already must not come back because a server is away. */
async function revoke(signIn: SignIn, signal: AbortSignal): Promise<boolean> {
  try {
    const { revocation: url } = await discoverServer(signIn.issuer, signal)
    const token = signIn.refresh_token ?? signIn.access_token
    await request({ url, method: 'POST', form: { token, client_id: clientId }, signal })
    return true
  } catch (error) {
    if (error instanceof AccountError) return false
    throw error
  }
}
