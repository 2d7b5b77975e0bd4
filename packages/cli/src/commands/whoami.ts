import { openAccount, serverOption } from '../account/account.ts'
import { discoverServer } from '../account/authorization-server.ts'
import { readPerson } from '../account/person.ts'
import type { Command } from '../command.ts'

/** Says who the commands act for. */
export const whoami: Command = {
  name: 'whoami',
  usage: 'countersign whoami [--server <url>]',
  summary: 'Show who you are signed in as',
  words: [],
  options: serverOption,
  async run(input, { terminal }) {
    const { signal } = terminal
    const account = await openAccount(input, terminal)
    const { issuer, userInfo } = await discoverServer(account.server, signal)
    const person = await readPerson(userInfo, await account.token(), signal)
    return { value: { issuer, ...person.claims }, lines: [`${person.text} at ${issuer}`] }
  },
}
