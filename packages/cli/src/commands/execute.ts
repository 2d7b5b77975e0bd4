import { createAgentContext } from '@countersign/agent'
import { openExecution } from '@countersign/agent/stream'
import type { Command } from '../command.ts'
import { readJsonArguments } from '../json-input.ts'
import { jsonLine, plain, prettyJson } from '../output.ts'
import { resolveAgent } from '../resolve-agent.ts'
import { openStorage } from '../storage.ts'

export const execute: Command = {
  name: 'execute',
  usage: 'countersign agent execute <agent> <capability> [--args <json>]',
  summary: 'Run a capability the agent was granted',
  words: ['the agent', 'the name of a capability'],
  options: {
    args: { type: 'string', value: '<json>', summary: 'Arguments; - reads standard input' },
    'args-file': { type: 'string', value: '<file>', summary: 'Arguments from a file' },
    'no-wait': { type: 'boolean', summary: 'Print where to ask for a result that takes time' },
  },
  async run(input, { client, terminal }) {
    const [word = '', capability = ''] = input.words
    const args = await readJsonArguments(input, terminal)
    const { agent_id: agentId, issuer } = await resolveAgent(client, word)
    const { signal } = terminal
    const context = createAgentContext({ storage: openStorage(terminal) })
    const execution = await openExecution(context, {
      agentId,
      issuer,
      capability,
      arguments: args,
      wait: !input.flag('no-wait'),
      signal,
    })
    switch (execution.mode) {
      case 'result': {
        const { data } = execution
        return { value: { data: data ?? null }, lines: [prettyJson(data)] }
      }
      case 'pending': {
        const { status_url } = execution
        const lines = [`Still running: ${plain(status_url)}`]
        return { value: { status: 'pending', status_url }, lines }
      }
      case 'stream':
        for await (const chunk of execution.chunks) {
          terminal.print(jsonLine(input.flag('json') ? { data: chunk } : chunk))
        }
        return { value: { done: true }, lines: [] }
    }
  },
}
