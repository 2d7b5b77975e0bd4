import { AsyncLocalStorage } from 'node:async_hooks'
import { ProtocolError } from '@countersign/protocol'
import type { CallToolResult, Client, Tool } from '@modelcontextprotocol/client'
import { AnswerTooLarge, boundedFetch } from './bounded-fetch.ts'
import type { MCPServer, ResolvedMCPOptions } from './options.ts'
import { SentSecrets } from './secrets.ts'

type Work<T> = (
  client: Connected,
  limits: { signal: AbortSignal; timeout: number; maxTotalTimeout: number },
) => Promise<T>

type Connected = Pick<Client, 'callTool' | 'getServerVersion' | 'listTools'>

/** Ends the call that a request belongs to: the client itself waits when a stream breaks off. */
const currentCall = new AsyncLocalStorage<AbortController>()

/** Who the client says it is. */
const ourselves = { name: 'countersign', version: '1' }

/**
 * One MCP server, connected when it is first needed and again after it restarted.
 *
 * The MCP client is loaded here and nowhere else, so that only those who use it pay for it.
 */
export class MCPConnection {
  readonly secrets = new SentSecrets()
  readonly #options: ResolvedMCPOptions
  #connected: Promise<Connected> | undefined
  #closed = false

  constructor(options: ResolvedMCPOptions) {
    this.#options = options
  }

  /** Every tool, over all pages, and who offers them. */
  async list(signal: AbortSignal): Promise<{ tools: Tool[]; server: { name?: string } }> {
    return this.#use(signal, async (client, limits) => {
      const { tools } = await client.listTools({}, { ...limits, cacheMode: 'refresh' })
      return { tools, server: { ...client.getServerVersion() } }
    })
  }

  /** Calls a tool. What the tool itself reports as an error is an answer here. */
  async call(
    name: string,
    args: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<CallToolResult> {
    return this.#use(signal, (client, limits) => client.callTool({ name, arguments: args }, limits))
  }

  /** Ends the connection for good. */
  async close(): Promise<void> {
    this.#closed = true
    const client = await this.#connected?.catch(() => undefined)
    if (client && !('client' in this.#options.server)) await closed(client)
  }

  async #use<T>(outside: AbortSignal, work: Work<T>): Promise<T> {
    const call = new AbortController()
    const signal = AbortSignal.any([outside, call.signal])
    const { timeout } = this.#options
    const limits = { signal, timeout, maxTotalTimeout: timeout }
    const run = async (connecting: Promise<Connected>): Promise<T> => {
      const client = await untilAborted(connecting, signal)
      return currentCall.run(call, () => work(client, limits))
    }
    const first = this.#current()
    try {
      return await run(first).catch(async (error: unknown) => {
        if (!(await this.#isLost(first, error))) throw error
        // The server forgot this session and did nothing: a new session may ask once more.
        return run(this.#current())
      })
    } catch (error) {
      throw call.signal.aborted ? call.signal.reason : error
    }
  }

  #current(): Promise<Connected> {
    if (this.#closed) throw new ProtocolError('unavailable')
    this.#connected ??= this.#connect()
    // Whatever the reason, a connection that could not be made is tried anew next time.
    const current = this.#connected
    current.catch(() => this.#forget(current))
    return current
  }

  /** Lets go of a connection that the server no longer knows, and reports whether it was one. */
  async #isLost(current: Promise<Connected>, error: unknown): Promise<boolean> {
    if ('client' in this.#options.server || !(await wasNotServed(error))) return false
    const client = await current.catch(() => undefined)
    if (!client) return false
    this.#forget(current)
    await closed(client)
    return true
  }

  #forget(connection: Promise<Connected>): void {
    if (this.#connected === connection) this.#connected = undefined
  }

  async #connect(): Promise<Connected> {
    const { server, timeout } = this.#options
    if ('client' in server) return server.client
    const { Client: MCPClient } = await import('@modelcontextprotocol/client')
    // No capabilities: whatever the server would like to ask, there is nobody here to answer.
    const negotiate = 'url' in server ? 'auto' : 'legacy'
    const client = new MCPClient(ourselves, { versionNegotiation: { mode: negotiate } })
    const transport = await this.#transport(server)
    await client.connect(transport, { timeout })
    const here = this.#connected
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the client is no event target
    client.onclose = () => here && this.#forget(here)
    return client
  }

  async #transport(server: Exclude<MCPServer, { client: unknown }>) {
    if ('transport' in server) return server.transport()
    const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client')
    const { maxResponseSize } = this.#options
    return new StreamableHTTPClientTransport(new URL(server.url), {
      fetch: boundedFetch(server, {
        secrets: this.secrets,
        maxResponseSize,
        onTooLarge: () => currentCall.getStore()?.abort(new AnswerTooLarge()),
      }),
    })
  }
}

async function closed(client: Connected): Promise<void> {
  if ('close' in client && typeof client.close === 'function') await client.close()
}

/** Waits for a connection that others may share, for as long as this caller does. */
function untilAborted<T>(connecting: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    connecting.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/** Whether the server says that it knows nothing of this session, or nothing was sent at all. */
async function wasNotServed(error: unknown): Promise<boolean> {
  const { SdkError, SdkErrorCode, SdkHttpError } = await import('@modelcontextprotocol/client')
  if (error instanceof SdkHttpError) return error.status === 404 || error.status === 400
  return error instanceof SdkError && error.code === SdkErrorCode.NotConnected
}
