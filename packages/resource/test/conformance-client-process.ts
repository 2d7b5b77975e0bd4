import {
  Client,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { HostStorage } from './mcp-client.ts'

/*
 * An MCP client as the conformance suite runs it: with the URL of a server as its only argument, and
 * the scenario in the environment. Its person allows everything at once.
 */

interface Context {
  readonly client_id?: string
  readonly client_secret?: string
}

const context = JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}') as Context
const url = new URL(process.argv.at(-1) ?? '')
const storage = new HostStorage()
storage.clientMetadataUrl = 'https://conformance-test.local/client-metadata.json'
if (context.client_id) storage.client = { ...context, client_id: context.client_id }

const open = () => new StreamableHTTPClientTransport(url, { authProvider: storage })
let transport = open()
const client = new Client({ name: 'conformance-client', version: '1.0.0' })

/** Does it again once the person has allowed what it takes; three times at most. */
async function allowed<Result>(act: () => Promise<Result>, reopen: boolean): Promise<Result> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof UnauthorizedError) || attempt === 2) throw error
      const response = await fetch(storage.takeSentTo(), { redirect: 'manual' })
      await transport.finishAuth(new URL(response.headers.get('location') ?? '').searchParams)
      if (reopen) transport = open()
    }
  }
}

await allowed(() => client.connect(transport), true)
await allowed(() => client.listTools(), false)
await allowed(() => client.callTool({ name: 'test-tool', arguments: {} }), false)
await client.close()
