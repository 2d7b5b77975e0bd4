import type { AgentContext, OperationOptions } from './context.ts'
import { ProtocolError } from './errors.ts'
import { hostToken } from './host.ts'
import { callServer } from './http.ts'
import { listCapabilities } from './list-capabilities.ts'
import { endpoint } from './provider.ts'
import { saysCode } from './server-error.ts'
import type { StoredConnection } from './storage/storage.ts'
import type { Provider, RequestedCapability } from './wire.ts'

/** What registrations and capability requests have in common on the wire. */
export interface RequestHints {
  /** Why, in words for the person who approves. */
  readonly reason?: string | undefined
  /** How the client would like the person to be asked; the server decides (§7.5). */
  readonly preferredMethod?: string | undefined
  /** Who should approve, for methods that reach a person directly. */
  readonly loginHint?: string | undefined
  /** A short text that the approver sees in both places. */
  readonly bindingMessage?: string | undefined
}

/** Sends one registration (§5.3) and returns the server's answer unread. */
export async function register(
  context: AgentContext,
  provider: Provider,
  options: OperationOptions &
    RequestHints & {
      readonly hostName?: string | undefined
      readonly draft: Pick<StoredConnection, 'name' | 'mode' | 'requested' | 'public_jwk'>
    },
): Promise<Readonly<Record<string, unknown>>> {
  const { draft, signal } = options
  const token = await hostToken(context, provider.issuer, draft.public_jwk)
  const body = {
    name: draft.name,
    host_name: options.hostName,
    mode: draft.mode,
    capabilities: toWire(draft.requested),
    ...hintsToWire(options),
  }
  const request = { url: endpoint(provider, 'register'), token, body, signal }
  const answer = await withAvailableCapabilities(context, provider, () =>
    callServer(context, request),
  )
  return answer.body
}

/** Capabilities as the server expects them: a bare name where nothing is constrained. */
export function toWire(requested: readonly RequestedCapability[]): unknown[] {
  return requested.map(({ name, constraints }) => (constraints ? { name, constraints } : name))
}

/** Hints under their names on the wire. */
export function hintsToWire(hints: RequestHints): Record<string, string | undefined> {
  return {
    reason: hints.reason,
    preferred_method: hints.preferredMethod,
    login_hint: hints.loginHint,
    binding_message: hints.bindingMessage,
  }
}

/** Adds the names that do exist to `invalid_capabilities`, so that the agent can correct itself. */
export async function withAvailableCapabilities<T>(
  context: AgentContext,
  provider: Provider,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!saysCode(error, 'invalid_capabilities')) throw error
    const { capabilities } = await listCapabilities(context, { provider: provider.issuer }).catch(
      () => {
        throw error
      },
    )
    const names = capabilities.map(({ name }) => name)
    const details = { ...error.details, available_capabilities: names }
    throw new ProtocolError(error.code, { message: error.message, details, cause: error })
  }
}
