import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { JsonSchema } from '../../capability.ts'
import { isObject } from '../openapi/json.ts'
import { toDialect2020 } from './dialect.ts'

/** The schema of a tool's arguments. One that makes no sense leaves the check to the MCP server. */
export function inputSchema(schema: unknown): JsonSchema {
  return usable(schema) ?? { type: 'object' }
}

/** The schema of a tool's structured content; nothing when there is none that makes sense. */
export function outputSchema(schema: unknown): JsonSchema | undefined {
  return usable(schema)
}

function usable(schema: unknown): JsonSchema | undefined {
  if (!isObject(schema)) return undefined
  const modern = toDialect2020(schema)
  try {
    // A new one each time: a schema must not see what another one left behind.
    const ajv = new Ajv2020({ strict: false, logger: false })
    addFormats.default(ajv)
    ajv.compile(modern)
    return modern
  } catch {
    return undefined
  }
}
