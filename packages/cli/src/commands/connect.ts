import { hostname } from 'node:os'
import { readCapabilityRequests, requestOptions, waitOptions } from '../capability-requests.ts'
import type { Command } from '../command.ts'
import { decisionOutcome } from '../decision.ts'
import { plain } from '../output.ts'
import { UsageError } from '../usage-error.ts'

export const connect: Command = {
  name: 'connect',
  usage: 'countersign agent connect <url> [--capabilities <name>...] [--reason <text>]',
  summary: 'Give an agent its own identity at a service',
  words: ['the address of the service'],
  options: {
    ...requestOptions,
    name: { type: 'string', value: '<name>', summary: 'What the agent is called' },
    mode: { type: 'string', value: '<mode>', summary: 'delegated (default) or autonomous' },
    ...waitOptions,
  },
  waits: true,
  async run(input, { client, terminal, onApproval }) {
    const machine = hostname()
    const connection = await client.connectAgent({
      provider: input.words[0] ?? '',
      name: input.text('name') ?? `Agent on ${machine}`,
      hostName: machine,
      mode: readMode(input.text('mode')),
      capabilities: readCapabilityRequests(input),
      reason: input.text('reason'),
      wait: !input.flag('no-wait'),
      signal: terminal.signal,
      onApproval,
    })
    const { agent_id: id, name, provider_name: provider } = connection
    const done = `Connected to ${plain(provider)} as ${plain(name)}.`
    return decisionOutcome(connection, connection.status === 'active' ? done : undefined, id)
  },
}

function readMode(mode: string | undefined): 'delegated' | 'autonomous' | undefined {
  if (mode === undefined || mode === 'delegated' || mode === 'autonomous') return mode
  throw new UsageError(`--mode is delegated or autonomous, not "${mode}".`)
}
