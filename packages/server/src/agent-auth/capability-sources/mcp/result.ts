import { ProtocolError } from '@countersign/protocol'
import type { CallToolResult } from '@modelcontextprotocol/client'
import { isObject, text } from '../openapi/json.ts'
import type { SentSecrets } from './secrets.ts'

/**
 * The data of a tool's answer: its structured content, else `{ content }` with the content items as
 * JSON. Throws `upstream_error` for an answer that reports an error or is too large.
 */
export function readResult(
  result: CallToolResult,
  { secrets, maxResponseSize }: { secrets: SentSecrets; maxResponseSize: number },
): unknown {
  if (result.isError === true) throw toolError(result, secrets)
  const data =
    result.structuredContent === undefined
      ? { content: result.content.map(withoutMeta) }
      : result.structuredContent
  // Over HTTP the answer was cut off earlier; other transports have no limit of their own.
  if (JSON.stringify(data).length > maxResponseSize) throw tooLarge(maxResponseSize)
  return secrets.removeFromJson(data)
}

/** The error for an answer that is larger than the operator allows. */
export function tooLarge(limit: number): ProtocolError {
  const message = `The service's answer is larger than ${limit} bytes.`
  return new ProtocolError('upstream_error', { message })
}

// `_meta` is talk between MCP programs, `annotations` is for their displays.
const NOT_CONTENT = new Set(['_meta', 'annotations'])

function withoutMeta(item: unknown): unknown {
  if (!isObject(item)) return item
  return Object.fromEntries(Object.entries(item).filter(([name]) => !NOT_CONTENT.has(name)))
}

const MAX_LENGTH = 500

/** The error a tool reported, with the words it has for the caller. */
function toolError({ content }: CallToolResult, secrets: SentSecrets): ProtocolError {
  const words = content
    .map((item) => (item.type === 'text' ? text(item.text) : undefined))
    .filter((part) => part !== undefined)
    .join(' ')
  return serviceError('The tool reported an error.', words, secrets)
}

/** An `upstream_error` with words of the service: without credentials and control characters, 500 characters. */
export function serviceError(message: string, words: string, secrets: SentSecrets): ProtocolError {
  const readable = secrets
    .removeFrom(words)
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .trim()
    .slice(0, MAX_LENGTH)
  return new ProtocolError('upstream_error', {
    message,
    ...(readable && { details: { upstream_body: { message: readable } } }),
  })
}
