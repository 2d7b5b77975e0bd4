import { once } from 'node:events'
import {
  ciba,
  cibaWebhook,
  ConfigurationError,
  createAuth,
  developmentInbox,
  deviceAuthorization,
  isLoopback,
  proxyList,
  smtp,
} from '@countersign/server'
import type { Auth, DevelopmentInbox, MailOptions } from '@countersign/server'
import { createAdaptorServer } from '@hono/node-server'
import type { HttpBindings } from '@hono/node-server'
import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { createApp } from './app.ts'
import { clientAddressHeader, setClientAddress } from './client-address.ts'
import { readConsoleFiles } from './console-files.ts'
import { startDemo } from './demo.ts'
import { createFirstAccount } from './first-account.ts'
import type { FirstAccount } from './first-account.ts'
import { ownMcpServer } from './own-mcp-server.ts'
import { providerOptions } from './provider.ts'
import type { Settings } from './settings.ts'

const consoleDirectory = fileURLToPath(new URL('../../console/dist', import.meta.url))
const finishWithin = 3_000

/** A running server. */
export interface RunningServer {
  readonly url: string
  /** The account that this start created; absent on later starts. */
  readonly account: FirstAccount | undefined
  /** Whether e-mails end in the inbox of development. */
  readonly inbox: boolean
  /** Finishes what is under way, for a few seconds at most, and closes the database. */
  stop(): Promise<void>
}

/** Starts the authority with its console, and the demo bank in development. */
export async function startServer(settings: Settings): Promise<RunningServer> {
  const demo = settings.demo ? await startDemo(settings.dataDir) : undefined
  const inbox = inboxFor(settings)
  let auth: Auth | undefined
  try {
    auth = createAuth({
      ...database(settings),
      baseURL: settings.baseURL,
      clientAddressHeader,
      migrate: settings.migrate,
      ...(settings.secret && { secret: settings.secret }),
      mail: mailFor(settings, inbox),
      provider: providerOptions(settings),
      agentAuth: { ...demo?.capabilities, ...notifications(settings) },
    })
    await auth.$ready
    const server = await listen(auth, settings, inbox)
    const opened = auth
    const stop = async () => {
      await close(server)
      await demo?.bank.stop()
      await opened.$close()
    }
    // Last of all: a password that is made must also be printed.
    const account = await createFirstAccount(auth, settings.firstEmail)
    return { url: settings.baseURL, account, inbox: inbox !== undefined, stop }
  } catch (error) {
    await demo?.bank.stop()
    await auth?.$close()
    throw error
  }
}

function database({ connectionString, dataDir }: Settings) {
  return connectionString ? { connectionString, dataDir } : { dataDir }
}

/** With somebody to tell people of requests, the linked person is asked directly: no code to type. */
function notifications({ notify }: Settings) {
  if (!notify) return {}
  const asks = ciba({ onApprovalRequested: cibaWebhook(notify) })
  return { approvalMethods: [deviceAuthorization(), asks] }
}

/** Only in development, and only while nobody else can connect: what it shows signs people in. */
function inboxFor({ production, mail, host }: Settings): DevelopmentInbox | undefined {
  const isPrivate = !production && host !== undefined && isLoopback(host)
  return isPrivate && !mail ? developmentInbox() : undefined
}

function mailFor({ mail }: Settings, inbox: DevelopmentInbox | undefined): MailOptions | undefined {
  if (mail) return { transport: smtp(mail) }
  // Trying things out goes without a detour through the inbox.
  return inbox && { transport: inbox, requireVerification: false }
}

async function listen(
  auth: Auth,
  settings: Settings,
  inbox: DevelopmentInbox | undefined,
): Promise<Server> {
  const { baseURL, host, port, trustedProxies } = settings
  const app = createApp({
    auth,
    baseURL,
    consoleFiles: readConsoleFiles(consoleDirectory),
    loopbackOnly: host !== undefined && isLoopback(host),
    inbox,
    mcp: ownMcpServer(auth, settings),
  })
  const proxies = proxyList(trustedProxies)
  const server = createAdaptorServer({
    fetch(request, bindings) {
      const { incoming } = bindings as HttpBindings
      setClientAddress(incoming, proxies)
      return app.fetch(request, bindings)
    },
    serverOptions: { requestTimeout: 30_000 },
  }) as Server
  const listening = once(server, 'listening')
  server.listen(port, host)
  try {
    await listening
  } catch (cause) {
    throw listenError(cause, settings)
  }
  return server
}

function listenError(cause: unknown, { port, host }: Settings): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} is in use: stop the other program or set PORT.`,
    EACCES: `This user may not listen on port ${port}: set PORT to 1024 or more.`,
    EADDRNOTAVAIL: `COUNTERSIGN_HOST must be an address of this machine, and ${host} is not.`,
  }
  const sentence = typeof code === 'string' ? sentences[code] : undefined
  return sentence ? new ConfigurationError(sentence, { cause }) : cause
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const late = setTimeout(() => server.closeAllConnections(), finishWithin)
  await closed
  clearTimeout(late)
}
