import { discoverServer } from '../account/authorization-server.ts'
import { signInWithDevice } from '../account/device-sign-in.ts'
import type { DeviceRequest } from '../account/device-sign-in.ts'
import { readServerAddress } from '../account/server-address.ts'
import { readPerson } from '../account/person.ts'
import type { Command } from '../command.ts'
import { approvalLines, jsonLine } from '../output.ts'
import { openSignIns } from '../storage.ts'
import type { Terminal } from '../terminal.ts'

/** Signs a person in at a server, in their browser. */
export const login: Command = {
  name: 'login',
  usage: 'countersign login <url> [--no-open]',
  summary: 'Sign in to a server, to manage its applications',
  words: ['the address of the server'],
  options: { 'no-open': { type: 'boolean', summary: 'Do not open a browser' } },
  waits: true,
  async run(input, { terminal }) {
    const { signal } = terminal
    const json = input.flag('json') || !terminal.interactive
    const server = await discoverServer(readServerAddress(input.words[0] ?? ''), signal)
    const signIns = await openSignIns(terminal)
    // Nobody is asked before it is certain that the answer can be kept.
    await signIns.update(server.issuer, (kept) => kept)
    const signIn = await signInWithDevice({
      server,
      signal,
      onRequest: (request) => show(request, terminal, { json, open: !input.flag('no-open') }),
    })
    await signIns.update(server.issuer, () => signIn)
    const person = await readPerson(server.userInfo, signIn.access_token, signal)
    const administers = signIn.scope.split(' ').includes('oidc:admin')
    return {
      value: { issuer: server.issuer, scope: signIn.scope, ...person.claims },
      lines: [
        `Signed in to ${server.issuer} as ${person.text}.`,
        ...(administers
          ? []
          : ['You did not allow managing applications: sign in again for that.']),
      ],
    }
  },
}

async function show(
  request: DeviceRequest,
  terminal: Terminal,
  options: { readonly json: boolean; readonly open: boolean },
): Promise<void> {
  if (options.json) {
    terminal.print(jsonLine({ event: 'approval_required', ...request }))
    return
  }
  const { issuer } = request
  const lines = approvalLines({ ...request, method: 'device_authorization' }, issuer)
  for (const line of lines) terminal.print(line)
  const page = new URL(request.verification_uri_complete ?? request.verification_uri)
  const opens = options.open && terminal.interactive && page.origin === new URL(issuer).origin
  if (opens && (await terminal.open(page))) terminal.print('Opened in your browser.')
  terminal.print('Waiting for you to decide. Ctrl-C stops.')
}
