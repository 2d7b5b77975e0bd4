import { execFile } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAgentContext, executeCapability, listConnections } from '../../agent/src/index.ts'
import { rotateAgentKey, rotateHostKey } from '../../agent/src/keys.ts'
import { encryptedFileStorage } from '../../agent/src/node.ts'
import { newCli } from './cli.ts'
import { type RealServer, startRealServer } from './real-server.ts'

const run = promisify(execFile)
const loader = fileURLToPath(new URL('../../agent/test/typescript-loader.mjs', import.meta.url))
const rotating = fileURLToPath(new URL('rotating-process.ts', import.meta.url))
const kinds = ['agent', 'host'] as const

let server: RealServer
beforeAll(async () => {
  server = await startRealServer()
})
afterAll(() => server.close())

let home: string
let cli: Awaited<ReturnType<typeof newCli>>
let agentId: string

/** What another process finds in the same home. */
function context() {
  return createAgentContext({ storage: encryptedFileStorage({ file: join(home, 'agents.json') }) })
}

/** The stored key of the agent or the host, with the one that is to come. */
async function stored(kind: (typeof kinds)[number]) {
  const { storage } = context()
  const [record] = await (kind === 'host' ? storage.hosts : storage.connections).list()
  return { now: record?.public_jwk.x, next: record?.next?.public_jwk.x }
}

async function works(): Promise<boolean> {
  const args = { account: 'checking' }
  const execution = { agentId, capability: 'check_balance', arguments: args }
  return executeCapability(context(), execution).then(
    () => true,
    () => false,
  )
}

beforeEach(async () => {
  home = join(await mkdtemp(join(tmpdir(), 'countersign-')), 'home')
  cli = await newCli(home)
  const words = ['connect', server.url, '--name', 'Helper', '--capabilities', 'check_balance']
  const { code } = await cli(['agent', ...words], {
    interactive: false,
    onPrint: (line) => {
      const { user_code: userCode } = JSON.parse(line) as { user_code?: string }
      if (userCode !== undefined) void server.decide(userCode, 'approve')
    },
  })
  if (code !== 0) throw new Error(`connect ended with ${code}`)
  agentId = (await listConnections(context()))[0]?.agent_id ?? ''
})

describe('AC6 rotating keys', { timeout: 60_000 }, () => {
  it.each(kinds)('countersign agent rotate-key replaces the key of the %s', async (kind) => {
    const before = await stored(kind)
    const flags = kind === 'host' ? ['--host'] : []
    const { code, out } = await cli(['agent', 'rotate-key', 'Helper', ...flags])
    expect([code, out]).toEqual([0, [expect.stringContaining('new key')]])
    const after = await stored(kind)
    expect(after.now).not.toBe(before.now)
    expect(after.next).toBeUndefined()
    expect(await works()).toBe(true)
    const { json } = await cli(['agent', 'rotate-key', 'Helper', ...flags, '--json'])
    expect(json).toMatchObject([{ issuer: server.url, thumbprint: expect.any(String) }])
  })

  it.each(kinds.flatMap((kind) => (['before', 'after'] as const).map((when) => ({ kind, when }))))(
    'a process killed $when the server took the new key of the $kind',
    async ({ kind, when }) => {
      const before = await stored(kind)
      const program = ['--conditions=@countersign/source', '--import', loader, rotating]
      const words = [join(home, 'agents.json'), agentId, server.url, kind, when]
      await expect(run(process.execPath, [...program, ...words])).rejects.toMatchObject({
        signal: 'SIGKILL',
      })
      const between = await stored(kind)
      expect(between).toEqual({ now: before.now, next: expect.any(String) })
      expect(JSON.stringify(await listConnections(context()))).not.toContain(between.next)
      expect(await works()).toBe(when === 'before')

      // Whichever key the server knows, the same command finishes what began.
      const flags = kind === 'host' ? ['--host'] : []
      const { code } = await cli(['agent', 'rotate-key', agentId, ...flags])
      expect(code).toBe(0)
      expect(await stored(kind)).toEqual({ now: between.next, next: undefined })
      expect(await works()).toBe(true)
    },
  )

  it.each(kinds)('two processes that rotate the key of the %s at once agree', async (kind) => {
    const rotate = () =>
      kind === 'host'
        ? rotateHostKey(context(), { provider: server.url })
        : rotateAgentKey(context(), { agentId })
    const [first, second] = await Promise.all([rotate(), rotate()])
    expect(first.thumbprint).toBe(second.thumbprint)
    expect((await stored(kind)).next).toBeUndefined()
    expect(await works()).toBe(true)
  })

  it.each(kinds)('a refusal leaves the key of the %s as it is', async (kind) => {
    home = join(await mkdtemp(join(tmpdir(), 'countersign-')), 'home')
    cli = await newCli(home)
    await cli(['agent', 'connect', server.url, '--name', 'Waiting', '--no-wait'])
    const before = await stored(kind)
    const flags = kind === 'host' ? ['--host'] : []
    const { json } = await cli(['agent', 'rotate-key', 'Waiting', '--json', ...flags])
    expect(json).toMatchObject([{ error: 'host_pending' }])
    expect(await stored(kind)).toEqual({ now: before.now, next: undefined })
  })
})
