import { spawn } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ForeignServer } from '../../agent/test/foreign-server.ts'

let server: ForeignServer
let home: string

beforeEach(async () => {
  server = await ForeignServer.start()
  server.approval = { interval: 1 }
  home = await mkdtemp(join(tmpdir(), 'countersign-'))
})
afterEach(() => server.close())

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/** The program as a process of its own, without a terminal. */
function start(...argv: string[]) {
  return startWith({}, ...argv)
}

function startWith(more: NodeJS.ProcessEnv, ...argv: string[]) {
  const loader = path('../../agent/test/typescript-loader.mjs')
  const options = ['--conditions=@countersign/source', '--import', loader, path('../src/bin.ts')]
  const env = { ...process.env, COUNTERSIGN_HOME: home, ...more }
  const child = spawn(process.execPath, [...options, ...argv], { env })
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, exit, out: text(child.stdout), err: text(child.stderr) }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20))
}

describe('AC8 the program as a process', { timeout: 60_000 }, () => {
  it('waits without a terminal, survives Ctrl-C and goes on where it stopped', async () => {
    const line = [
      'agent',
      'connect',
      server.url,
      '--name',
      'Helper',
      '--capabilities',
      'list_accounts',
      'transfer_money',
      '--reason',
      'pay the rent',
    ]
    const first = start(...line)
    await until(() => server.count('/api/status') > 0)
    first.child.kill('SIGINT')
    expect(await first.exit).toBe(130)
    const [event = '{}'] = (await first.out).split('\n')
    expect(JSON.parse(event)).toMatchObject({ event: 'approval_required', user_code: 'BCDF-GHJK' })

    const second = start(...line)
    await until(() => server.count('/api/register') > 1)
    server.approve(server.agent, { list_accounts: null, transfer_money: null })
    expect(await second.exit).toBe(0)
    const lines = (await second.out).trimEnd().split('\n')
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      status: 'active',
      agent_id: server.agent.id,
    })
    expect(server.agents.size).toBe(1)

    const executing = start('agent', 'execute', 'Helper', 'list_accounts', '--args', '-', '--json')
    executing.child.stdin.end('{"a": 1}')
    expect(JSON.parse(await executing.out)).toMatchObject({ data: { echo: { a: 1 } } })
    expect(await executing.err).toBe('')
  })

  it('lets two processes connect at once without losing one of them', async () => {
    const line = ['agent', 'connect', server.url, '--mode', 'autonomous', '--json']
    const runs = ['one', 'two', 'three'].map((name) => start(...line, '--name', name))
    expect(await Promise.all(runs.map(({ exit }) => exit))).toEqual([0, 0, 0])
    const listing = start('agent', 'connections', '--json')
    const { connections } = JSON.parse(await listing.out) as { connections: { name: string }[] }
    expect(connections.map(({ name }) => name).sort()).toEqual(['one', 'three', 'two'])
    expect(new Set([...server.agents.values()].map(({ host }) => host)).size).toBe(1)
  })

  it('ends with its exit code', async () => {
    expect(await start('agent', 'status', 'nobody').exit).toBe(2)
    expect(await start('agent', 'discover', 'http://127.0.0.1:9').exit).toBe(3)
  })

  it.runIf(process.platform === 'linux')('ends at once where there is no keychain', async () => {
    const env = { COUNTERSIGN_KEYCHAIN: '1', PATH: '/nowhere' }
    const { exit, err } = startWith(env, 'agent', 'connections')
    expect(await err).toContain('needs `secret-tool`: install it, or use a passphrase instead.')
    expect(await exit).toBe(1)
  })
})
