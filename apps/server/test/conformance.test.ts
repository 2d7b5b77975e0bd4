import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { connected } from '../../../packages/resource/test/describe-mcp-clients.ts'
import { secondHost } from '../../../packages/resource/test/mcp-client.ts'
import {
  conformanceNode,
  type ConformanceRun,
  conformanceSkipped,
  passedScenarios,
  runConformance,
} from '../../../testing/conformance.ts'
import { freePort } from '../../../testing/free-port.ts'
import { withToken } from '../../../testing/with-token.ts'
import { everythingServer } from './everything/server.ts'
import { type OwnWorld, openOwnWorld } from './own-world.ts'

/** What the suite asks of any MCP server; all else are tools, prompts and resources of its own. */
const basic: Record<string, readonly string[]> = {
  '2025-11-25': ['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection'],
  '2026-07-28': [
    'tools-list',
    'server-sse-multiple-streams',
    'dns-rebinding-protection',
    'input-required-result-unsupported-methods',
    'http-header-validation',
  ],
}

/** The scenarios that cannot apply, and why. The suite itself does not count them. */
const notApplicable: Record<string, string> = Object.fromEntries(
  [
    'tasks-lifecycle',
    'tasks-capability-negotiation',
    'tasks-wire-fields',
    'tasks-request-state-removal',
    'tasks-mrtr-input',
    'tasks-request-headers',
    'tasks-dispatch-and-envelope',
    'tasks-status-notifications',
    'tasks-required-task-error',
    'tasks-mrtr-composition',
  ].map((name) => [name, 'an optional extension, which the official SDK does not have']),
)

vi.setConfig({ testTimeout: 120_000 })

describe.skipIf(!conformanceNode)(`PP2 the MCP conformance suite${conformanceSkipped}`, () => {
  let world: OwnWorld
  beforeAll(async () => {
    world = await openOwnWorld()
  })
  afterAll(() => world.close())

  // A client with a secret sends none either: the suite picks `none` wherever a server offers it.
  it('PP2 authorization, every scenario', async () => {
    const port = await freePort()
    const callback = `http://127.0.0.1:${port}/callback`
    const registered = await fetch(`${world.issuer}/api/auth/oauth2/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_name: 'The conformance suite',
        redirect_uris: [callback],
        token_endpoint_auth_method: 'none',
      }),
    })
    const client = (await registered.json()) as { client_id: string }
    const args = ['authorization', '--url', world.issuer, '--port', String(port)]
    args.push('--client-id', client.client_id, '--resource', world.url)

    // The person signs in and allows, and their browser takes the answer to the suite.
    const run = await runConformance(args, async (address) => fetch(await world.visit(address)))
    expect(passedScenarios(run), run.output).toEqual([
      'authorization-server-metadata-endpoint',
      'authorization-code-grant',
    ])
  })

  it.each(Object.entries(basic))('PP2 server %s, this one', async (revision, scenarios) => {
    const run = await serverSuite(world, revision)
    expect(passedScenarios(run), run.output).toEqual(expect.arrayContaining([...scenarios]))
  })
})

describe.skipIf(!conformanceNode)(
  `PP2 our guard before a server with everything${conformanceSkipped}`,
  () => {
    let world: OwnWorld
    beforeAll(async () => {
      world = await openOwnWorld(everythingServer)
    })
    afterAll(() => world.close())

    it.each(Object.keys(basic))('PP2 server %s, every scenario', async (revision) => {
      const run = await serverSuite(world, revision)
      const passed = passedScenarios(run)
      const failed = [...run.scenarios.keys()].filter((name) => !passed.includes(name))
      expect(
        failed.filter((name) => !(name in notApplicable)),
        run.output,
      ).toEqual([])
      expect(passed.length).toBeGreaterThan(30)
    })
  },
)

/** Runs what a revision of the specification asks of a server, with a token of the person. */
async function serverSuite(world: OwnWorld, revision: string): Promise<ConformanceRun> {
  const host = await connected(world, secondHost)
  const proxy = await withToken(world.url, host.storage.stored?.access_token ?? '')
  try {
    return await runConformance(['server', '--url', proxy.url, '--requirements', revision])
  } finally {
    proxy.close()
    await host.close()
  }
}
