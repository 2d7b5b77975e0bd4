import { expect, it } from 'vitest'
// oxlint-disable-next-line no-restricted-imports -- the table the documentation is made from
import { EVENTS } from '../src/agent-auth/domain/event.ts'

it('AF16 documents every event type in docs/events.md', async () => {
  const rows = Object.entries(EVENTS).map(([type, meaning]) => `| \`${type}\` | ${meaning} |`)
  const page = [
    '# Events',
    '',
    'Everything that happens to hosts, agents, grants and requests is an event: a row in `agent_event`,',
    'then a call of `onEvent`, then a line in the timeline of the person concerned',
    '(`GET /agent/activity`). Failures are events, too.',
    '',
    '| member | |',
    '|---|---|',
    '| `type` | one of the types below |',
    '| `outcome` | `success`, `refused` (somebody may not) or `failed` (something broke) |',
    '| `agentId`, `hostId`, `userId` | who it concerns, where that is known |',
    '| `capability` | what was executed, asked or taken away |',
    '| `code` | the [error](errors.md) the caller got; none after a success |',
    '| `details` | more, depending on the type |',
    '',
    'No event holds the value of an argument, a code, a token or a key. Of arguments it holds the names.',
    'What a caller can repeat at will is told at a bounded rate: `rate.limited` once a window,',
    '`introspection.refused` once a minute for each code and process.',
    '',
    '| type | what happened |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n')
  await expect(page).toMatchFileSnapshot('../../../docs/events.md')
})
