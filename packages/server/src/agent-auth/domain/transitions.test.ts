import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  AGENT_TRANSITIONS,
  agentMove,
  type Actor,
  HOST_TRANSITIONS,
  type Transition,
} from './transitions.ts'

const page = readFileSync(new URL('../../../../../docs/agent-auth.md', import.meta.url), 'utf8')

/** The rows of a Markdown table, without the padding that a formatter adds. */
const compact = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.replaceAll(/ *\| */g, '|').replaceAll(/-+/g, '-'))

function table(transitions: Readonly<Record<string, Transition<string>>>): string {
  const names = (states: readonly string[]) => states.map((state) => `\`${state}\``).join(', ')
  const rows = Object.values(transitions).map(({ from, to, by, when }) => {
    const start = from.length === 0 ? 'new' : names(from)
    const end = to === null ? 'deleted' : names([to])
    return `| ${start} | ${end} | ${by.join(', ')} | ${when} |`
  })
  return ['| from | to | by | when |', '|---|---|---|---|', ...rows].join('\n')
}

describe('transitions', () => {
  it.each([
    ['an agent', AGENT_TRANSITIONS],
    ['a host', HOST_TRANSITIONS],
  ])('those of %s stand in docs/agent-auth.md, all of them', (_what, transitions) => {
    const documented = compact(page).join('\n')
    expect(documented, table(transitions)).toContain(compact(table(transitions)).join('\n'))
  })

  it('nothing leads out of a terminal state', () => {
    const moves: readonly Transition<string>[] = [
      ...Object.values(AGENT_TRANSITIONS),
      ...Object.values(HOST_TRANSITIONS),
    ]
    for (const terminal of ['revoked', 'rejected', 'claimed']) {
      expect(moves.filter(({ from }) => from.includes(terminal))).toEqual([])
    }
  })

  it('only a person lets an agent act that had to wait for one', () => {
    const { from, to, by } = AGENT_TRANSITIONS.approve
    expect({ from, to, by }).toEqual({ from: ['pending'], to: 'active', by: ['person'] })
    const actors: readonly Actor[] = HOST_TRANSITIONS.link.by
    expect(actors).toEqual(['person'])
  })

  it('what starts from `expired` starts from what is stored as active, too', () => {
    expect(agentMove('reactivate')).toEqual({ from: ['expired', 'active'], to: 'active' })
    expect(agentMove('revoke').from).toEqual(['pending', 'active', 'expired'])
  })
})
