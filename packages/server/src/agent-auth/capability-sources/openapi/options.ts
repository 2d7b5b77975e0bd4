import type { ApprovalStrength, ExecuteContext } from '../../capability.ts'
import type { CredentialSource } from './credentials.ts'
import type { HttpMethod, Operation } from './operations.ts'
import { documentServer, parseBase } from './url.ts'

/** What a callback is told about an operation. */
export interface OpenAPICapabilityInfo {
  /** Name of the capability. */
  readonly name: string
  readonly method: HttpMethod
  readonly description: string
  /** Template of the path, as in the document. */
  readonly path: string
  readonly operationId: string | undefined
}

/** Whom a default is asked for. */
export interface HostDefaultsContext {
  readonly mode: string
  readonly userId: string | null
  readonly hostName: string | null
}

/** Who is calling, when headers depend on it. */
export interface ResolveHeadersContext {
  readonly agent: ExecuteContext['agent']
  /** Name of the capability. */
  readonly capability: string
  /** The same agent under the names other libraries use. */
  readonly agentSession: {
    readonly agent: { readonly id: string }
    readonly host: { readonly id: string }
    readonly user: { readonly id: string } | null
  }
}

/** Chooses an approval strength: one for all, one per method or capability name, or by a function. */
export type ApprovalStrengthChoice =
  | ApprovalStrength
  | Readonly<Record<string, ApprovalStrength>>
  | ((capability: OpenAPICapabilityInfo) => ApprovalStrength | undefined)

/** Chooses capabilities every new host gets: all, by method, or by a function. */
export type DefaultHostCapabilitiesChoice =
  | boolean
  | string
  | readonly string[]
  | ((
      capability: OpenAPICapabilityInfo,
      context: HostDefaultsContext,
    ) => boolean | Promise<boolean>)

/** How the operations of a document are called. */
export interface OpenAPIHandlerOptions {
  /**
   * Address that the document's paths are appended to, for every operation.
   *
   * @default the nearest `servers` entry of the document
   */
  baseUrl?: string
  /** Headers for every request. Agents cannot set a header named here. */
  headers?: Readonly<Record<string, string>>
  /** Credentials by the name of their security scheme in the document. */
  credentials?: Readonly<Record<string, CredentialSource>>
  /** Headers for one call, such as the person's own token. They win over every other header. */
  resolveHeaders?: (
    context: ResolveHeadersContext,
  ) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
  /**
   * Sends the requests.
   *
   * @default globalThis.fetch
   */
  fetch?: typeof globalThis.fetch
  /**
   * How long a call may take, in milliseconds, with its answer read.
   *
   * @default 30000
   */
  timeout?: number
  /**
   * How large an answer may be, in bytes.
   *
   * @default 10485760
   */
  maxResponseSize?: number
}

/** How a document becomes capabilities. */
export interface FromOpenAPIOptions extends OpenAPIHandlerOptions {
  /** What approving takes. @default the server's own rule */
  approvalStrength?: ApprovalStrengthChoice
  /** `location` of every capability: the service that executes them itself (specification, 2.15). */
  location?: string
}

/** Options of {@link createFromOpenAPI}. */
export interface CreateFromOpenAPIOptions extends FromOpenAPIOptions {
  /**
   * Capabilities a new host gets without asking.
   *
   * @default none
   */
  defaultHostCapabilities?: DefaultHostCapabilitiesChoice
}

/** Handler options with every default filled in. */
export interface ResolvedHandlerOptions {
  readonly headers: Readonly<Record<string, string>>
  readonly credentials: Readonly<Record<string, CredentialSource>>
  readonly resolveHeaders: OpenAPIHandlerOptions['resolveHeaders']
  readonly fetch: typeof globalThis.fetch
  readonly timeout: number
  readonly maxResponseSize: number
  /** The base address of an operation. */
  baseOf(operation: Operation): URL
}

/** Fills in the defaults and rejects nonsense before the first call. */
export function resolveHandlerOptions(options: OpenAPIHandlerOptions): ResolvedHandlerOptions {
  const { timeout = 30_000, maxResponseSize = 10 * 1024 * 1024 } = options
  for (const [name, value] of Object.entries({ timeout, maxResponseSize })) {
    if (!Number.isFinite(value) || value <= 0) {
      throw new TypeError(`OpenAPI: \`${name}\` must be a positive number.`)
    }
  }
  const fixed = options.baseUrl === undefined ? undefined : parseBase(options.baseUrl)
  return {
    headers: options.headers ?? {},
    credentials: options.credentials ?? {},
    resolveHeaders: options.resolveHeaders,
    // Looked up at each call, so that instrumentation installed later is used.
    fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
    timeout,
    maxResponseSize,
    baseOf: (operation) => fixed ?? parseBase(documentServer(operation)),
  }
}
