import { ProtocolError } from '@countersign/protocol'
import type { ApprovalStrength, Capability, ExecuteContext } from '../../capability.ts'
import { callOperation } from './call.ts'
import { compileDocument, type CompiledDocument } from './compile.ts'
import type { OpenAPIDocument } from './document.ts'
import { text } from './json.ts'
import type {
  ApprovalStrengthChoice,
  CreateFromOpenAPIOptions,
  DefaultHostCapabilitiesChoice,
  FromOpenAPIOptions,
  HostDefaultsContext,
  OpenAPICapabilityInfo,
  OpenAPIHandlerOptions,
} from './options.ts'
import type { OperationPlan } from './plan.ts'

export type { CredentialContext, CredentialSource, CredentialValue } from './credentials.ts'
export type { OpenAPIDocument } from './document.ts'
export type {
  ApprovalStrengthChoice,
  CreateFromOpenAPIOptions,
  DefaultHostCapabilitiesChoice,
  FromOpenAPIOptions,
  HostDefaultsContext,
  OpenAPICapabilityInfo,
  OpenAPIHandlerOptions,
  ResolveHeadersContext,
} from './options.ts'

/** Runs capabilities of a document; fits `onExecute`. */
export type OpenAPIHandler = (
  args: Record<string, unknown>,
  context: ExecuteContext,
) => Promise<unknown>

/** What {@link createFromOpenAPI} makes of a document; spread it into `agentAuth({ … })`. */
export interface OpenAPICapabilities {
  providerName?: string
  providerDescription?: string
  capabilities: Capability[]
  onExecute: OpenAPIHandler
  defaultHostCapabilities?: string[] | ((context: HostDefaultsContext) => Promise<string[]>)
}

/**
 * Turns every operation of an OpenAPI document into a capability.
 *
 * Without options the capabilities only describe; pair them with {@link createOpenAPIHandler} as
 * `onExecute`. With options each one also executes.
 */
export function fromOpenAPI(document: OpenAPIDocument, options?: FromOpenAPIOptions): Capability[] {
  const compiled = compileDocument(document, options ?? {})
  if (options) checkServers(compiled)
  return compiled.plans.map((plan) =>
    toCapability(plan, options ? compiled : undefined, options ?? {}),
  )
}

/** Creates an `onExecute` that calls the service behind an OpenAPI document. */
export function createOpenAPIHandler(
  document: OpenAPIDocument,
  options: OpenAPIHandlerOptions = {},
): OpenAPIHandler {
  return handlerOf(compileDocument(document, options))
}

/** Makes everything `agentAuth` needs to offer an API: names, capabilities and their execution. */
export function createFromOpenAPI(
  document: OpenAPIDocument,
  options: CreateFromOpenAPIOptions = {},
): OpenAPICapabilities {
  const compiled = compileDocument(document, options)
  const onExecute = handlerOf(compiled)
  const providerName = text(document.info?.title)
  const providerDescription = text(document.info?.description)
  const defaults = hostDefaults(compiled.plans, options.defaultHostCapabilities)
  return {
    ...(providerName === undefined ? {} : { providerName }),
    ...(providerDescription === undefined ? {} : { providerDescription }),
    capabilities: compiled.plans.map((plan) => toCapability(plan, compiled, options)),
    onExecute,
    ...(defaults === undefined ? {} : { defaultHostCapabilities: defaults }),
  }
}

function handlerOf(compiled: CompiledDocument): OpenAPIHandler {
  checkServers(compiled)
  const plans = new Map(compiled.plans.map((plan) => [plan.name, plan]))
  return async (args, context) => {
    const plan = plans.get(context.capability.name)
    if (!plan) throw new ProtocolError('capability_not_found')
    return callOperation(plan, args, { upstream: compiled.upstream, context })
  }
}

// An address that is missing or wrong shows at start, not at the first call.
function checkServers({ plans, upstream }: CompiledDocument): void {
  for (const { operation } of plans) upstream.options.baseOf(operation)
}

function toCapability(
  plan: OperationPlan,
  compiled: CompiledDocument | undefined,
  { approvalStrength, location }: FromOpenAPIOptions,
): Capability {
  const { name, operation, input, output } = plan
  const info = infoOf(plan)
  const strength = chooseStrength(info, approvalStrength)
  return {
    name,
    ...(operation.summary === undefined ? {} : { title: operation.summary }),
    description: info.description,
    input,
    ...(output === undefined ? {} : { output }),
    readOnly: operation.readOnly,
    ...(strength === undefined ? {} : { approvalStrength: strength }),
    ...(location === undefined ? {} : { location }),
    ...(compiled && {
      execute: (args: Record<string, unknown>, context: ExecuteContext) =>
        callOperation(plan, args, { upstream: compiled.upstream, context }),
    }),
  }
}

function infoOf({ name, operation }: OperationPlan): OpenAPICapabilityInfo {
  const { method, path, id } = operation
  const description = operation.description ?? operation.summary ?? `${method} ${path}`
  return { name, method, path, description, operationId: id }
}

function chooseStrength(
  info: OpenAPICapabilityInfo,
  choice: ApprovalStrengthChoice | undefined,
): ApprovalStrength | undefined {
  if (choice === undefined || typeof choice === 'string') return choice
  if (typeof choice === 'function') return choice(info)
  const wanted = Object.entries(choice)
  const named = wanted.find(([key]) => key === info.name || key === info.operationId)
  return (named ?? wanted.find(([key]) => key.toUpperCase() === info.method))?.[1]
}

function hostDefaults(
  plans: readonly OperationPlan[],
  choice: DefaultHostCapabilitiesChoice | undefined,
): OpenAPICapabilities['defaultHostCapabilities'] {
  if (choice === undefined || choice === false) return undefined
  if (choice === true) return plans.map((plan) => plan.name)
  if (typeof choice === 'function') {
    return async (context) => {
      const chosen = await Promise.all(
        plans.map(async (plan) => ((await choice(infoOf(plan), context)) ? [plan.name] : [])),
      )
      return chosen.flat()
    }
  }
  const methods = new Set([choice].flat().map((method) => method.toUpperCase()))
  return plans.filter((plan) => methods.has(plan.operation.method)).map((plan) => plan.name)
}
