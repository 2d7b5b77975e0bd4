import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { DpopSession } from '@modelcontextprotocol/client'
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as FirstTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

/** Where clients of the tests want to be sent; nobody listens there. */
export const CALLBACK = 'http://127.0.0.1:9/callback'

/** What a host keeps for one MCP server. */
export class HostStorage {
  readonly redirectUrl = CALLBACK
  /** The address the person was sent to last. */
  sentTo: URL | undefined
  client: { client_id: string } | undefined
  stored: { access_token: string; refresh_token?: string; scope?: string } | undefined
  /** The URL of a client-ID metadata document, for issuers that take them. */
  clientMetadataUrl?: string
  dpop?: () => DpopSession
  #verifier = ''
  #discovery: unknown

  get clientMetadata() {
    return {
      client_name: 'A host of the tests',
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    }
  }
  state = () => 'state-of-the-host'
  clientInformation = () => this.client
  saveClientInformation = (client: { client_id: string }) => {
    this.client = client
  }
  tokens = () => this.stored as never
  saveTokens = (tokens: { access_token: string }) => {
    this.stored = tokens
  }
  redirectToAuthorization = (url: URL) => {
    this.sentTo = url
  }
  saveCodeVerifier = (verifier: string) => {
    this.#verifier = verifier
  }
  codeVerifier = () => this.#verifier
  saveDiscoveryState = (state: unknown) => {
    this.#discovery = state
  }
  discoveryState = () => this.#discovery as never

  /** The address the person has to visit now, once. */
  takeSentTo(): URL {
    const url = this.sentTo
    this.sentTo = undefined
    if (!url) throw new Error('The client sent nobody anywhere.')
    return url
  }
}

/** One MCP host, whichever SDK it is made of. */
export interface Host {
  readonly storage: HostStorage
  /** Connects with the URL alone; rejects while the person has to visit `storage.sentTo`. */
  connect(): Promise<void>
  call(name: string, args?: Record<string, unknown>): Promise<unknown>
  /** Hands in what the issuer sent back to `CALLBACK`. */
  finish(callback: URL): Promise<void>
  close(): Promise<void>
}

/** A host made of `@modelcontextprotocol/sdk` 1. */
export function firstHost(url: string, storage = new HostStorage()): Host {
  let transport = new FirstTransport(new URL(url), { authProvider: storage })
  let client: FirstClient | undefined
  return {
    storage,
    async connect() {
      const next = new FirstClient({ name: 'host', version: '1.0.0' })
      await next.connect(transport)
      client = next
    },
    async call(name, args = {}) {
      const result = await client?.callTool({ name, arguments: args })
      return result?.structuredContent
    },
    async finish(callback) {
      await transport.finishAuth(callback.searchParams.get('code') ?? '')
      if (!client) transport = new FirstTransport(new URL(url), { authProvider: storage })
    },
    close: async () => client?.close(),
  }
}

/** A host made of `@modelcontextprotocol/client` 2. */
export function secondHost(url: string, storage = new HostStorage()): Host {
  const open = () => new StreamableHTTPClientTransport(new URL(url), { authProvider: storage })
  let transport = open()
  let client: Client | undefined
  return {
    storage,
    async connect() {
      const next = new Client({ name: 'host', version: '2.0.0' })
      await next.connect(transport)
      client = next
    },
    async call(name, args = {}) {
      const result = await client?.callTool({ name, arguments: args })
      return (result as { structuredContent?: unknown } | undefined)?.structuredContent
    },
    async finish(callback) {
      await transport.finishAuth(callback.searchParams)
      if (!client) transport = open()
    },
    close: async () => client?.close(),
  }
}
