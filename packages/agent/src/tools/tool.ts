import type { OnApproval } from '../context.ts'

/** A JSON Schema, dialect 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** What calling a tool does to the world. What is not known is left out. */
export interface ToolEffects {
  readonly readOnly?: boolean | undefined
  readonly destructive?: boolean | undefined
  readonly idempotent?: boolean | undefined
  readonly openWorld?: boolean | undefined
}

/** The capability behind a tool: the way back from a tool's name. */
export interface ToolCapability {
  readonly issuer: string
  readonly agentId: string
  readonly name: string
}

/** How one call of a tool runs. */
export interface ToolRunOptions {
  readonly signal?: AbortSignal | undefined
  /** Told what a person needs to approve, before the waiting starts. */
  readonly onApproval?: OnApproval | undefined
  /** Whether to wait for a decision. @default true */
  readonly wait?: boolean | undefined
}

/** A tool for a model, before any vendor's own shape. */
export interface AgentTool {
  /** At most 64 of `a-z A-Z 0-9 _ -`, which every vendor accepts. */
  readonly name: string
  readonly title: string
  readonly description: string
  /** Always of type object. */
  readonly inputSchema: JsonSchema
  readonly outputSchema?: JsonSchema | undefined
  readonly effects: ToolEffects
  /** Set for a tool that is a capability, not an operation of the protocol. */
  readonly capability?: ToolCapability | undefined
  /** Runs it as it is. Models get the outcome of `callTool` instead, which is clean. */
  run(args: Readonly<Record<string, unknown>>, options: ToolRunOptions): Promise<unknown>
}
