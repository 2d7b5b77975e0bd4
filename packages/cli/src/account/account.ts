import type { RecordStore } from '@countersign/agent'
import type { CommandOption, Input } from '../command.ts'
import { openSignIns } from '../storage.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { AccountError } from './account-error.ts'
import { discoverServer } from './authorization-server.ts'
import { readServerAddress } from './server-address.ts'
import { isFresh, renew } from './sign-in.ts'
import type { SignIn } from './sign-in.ts'

/** The option of every command that talks to a server in a person's name. */
export const serverOption = {
  server: {
    type: 'string',
    value: '<url>',
    summary: 'The server. Default: COUNTERSIGN_SERVER, else the last one you signed in to',
  },
} satisfies Record<string, CommandOption>

/** Somebody who may ask a server something. */
export interface Account {
  readonly server: string
  readonly signal: AbortSignal
  /** A token that is good now; `renewed` asks for another one than the last. Throws `AccountError`. */
  token(renewed?: boolean): Promise<string>
}

/** The account a command acts for: `COUNTERSIGN_TOKEN`, or the sign-in that is kept. */
export async function openAccount(input: Input, terminal: Terminal): Promise<Account> {
  const { env, signal } = terminal
  const token = env['COUNTERSIGN_TOKEN']
  const named = namedServer(input, terminal)
  if (token) {
    // A token is not shown to a server nobody named.
    if (named === undefined) {
      throw new UsageError(
        'Name the server of COUNTERSIGN_TOKEN with --server or COUNTERSIGN_SERVER.',
      )
    }
    return { server: named, signal, token: async () => token }
  }
  const signIns = await openSignIns(terminal)
  const signIn = await findSignIn(signIns, named)
  return {
    server: signIn.issuer,
    signal,
    token: (renewed = false) => freshToken({ signIns, issuer: signIn.issuer, renewed, signal }),
  }
}

/** The server that was named by option or environment. */
export function namedServer(input: Input, { env }: Terminal): string | undefined {
  const named = input.text('server') ?? (env['COUNTERSIGN_SERVER'] || undefined)
  return named === undefined ? undefined : readServerAddress(named)
}

/** The sign-in at a server, or the latest one. Throws `AccountError`. */
export async function findSignIn(
  signIns: RecordStore<SignIn>,
  server: string | undefined,
): Promise<SignIn> {
  const all = await signIns.list()
  const latest = all.sort((a, b) => (a.signed_in_at < b.signed_in_at ? 1 : -1))
  const found = server === undefined ? latest[0] : all.find(({ issuer }) => issuer === server)
  if (found) return found
  const where = server === undefined ? '' : ` at ${server}`
  throw new AccountError(
    'not_signed_in',
    `You are not signed in${where}. Sign in with: countersign login ${server ?? '<url>'}`,
  )
}

interface Wanted {
  readonly signIns: RecordStore<SignIn>
  readonly issuer: string
  readonly renewed: boolean
  readonly signal: AbortSignal
}

async function freshToken({ signIns, issuer, renewed, signal }: Wanted): Promise<string> {
  const kept = await findSignIn(signIns, issuer)
  if (!renewed && isFresh(kept, Date.now())) return kept.access_token
  const next = await renew(kept, await discoverServer(issuer, signal), signal)
  // Whoever signed out or in meanwhile is not overruled.
  const update = (current: SignIn | undefined) =>
    current?.signed_in_at === kept.signed_in_at ? (next ?? undefined) : current
  await signIns.update(issuer, update)
  if (next) return next.access_token
  throw new AccountError(
    'not_signed_in',
    `Your sign-in at ${issuer} has ended. Sign in with: countersign login ${issuer}`,
  )
}
