import { hostname } from 'node:os'
import { createAgentContext } from '@countersign/agent'
import { enrollHost } from '@countersign/agent/enroll'
import type { Command } from '../command.ts'
import { plain } from '../output.ts'
import { openStorage } from '../storage.ts'
import { UsageError } from '../usage-error.ts'

export const enroll: Command = {
  name: 'enroll',
  usage: 'countersign agent enroll <url> --token <token|->',
  summary: 'Connect this machine with a token from your account page',
  words: ['the address of the service'],
  options: {
    token: { type: 'string', value: '<token>', summary: 'The token; - reads standard input' },
    name: { type: 'string', value: '<name>', summary: 'What this machine is called' },
  },
  async run(input, { terminal }) {
    const given = input.text('token')
    const token = given === '-' ? (await terminal.readInput()).trim() : given
    if (!token)
      throw new UsageError(
        'Bring a token: --token <token>. Your account page makes one under "Connect an app".',
      )
    const context = createAgentContext({ storage: openStorage(terminal) })
    const enrolled = await enrollHost(context, {
      provider: input.words[0] ?? '',
      token,
      hostName: input.text('name') ?? hostname(),
      signal: terminal.signal,
    })
    const { provider_name: provider, name, default_capabilities: defaults } = enrolled
    const known = name === undefined ? '' : ` It is known as ${plain(name)}.`
    const free = defaults.length === 0 ? 'nothing' : defaults.map(plain).join(', ')
    const lines = [
      `This machine is connected to ${plain(provider)}.${known}`,
      `Its agents get without asking: ${free}.`,
    ]
    return { value: enrolled, lines }
  },
}
