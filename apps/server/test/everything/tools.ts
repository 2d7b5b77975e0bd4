import { setTimeout as delay } from 'node:timers/promises'
import {
  fromJsonSchema,
  type McpHttpHandler,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { audio, image } from './media.ts'
import { headerSchema, richSchema } from './schemas.ts'

/** A tool's answer of text. */
export const text = (words: string) => ({ content: [{ type: 'text' as const, text: words }] })

const embedded = (uri: string, mimeType: string, words: string) => ({
  type: 'resource' as const,
  resource: { uri, mimeType, text: words },
})

/** Tools that answer without asking back. */
export function addTools(server: McpServer, notify: () => McpHttpHandler['notify']): void {
  const tool = (name: string, run: (context: ServerContext) => Promise<object> | object) =>
    server.registerTool(name, { description: `The suite calls ${name}.` }, async (context) => ({
      content: [],
      ...(await run(context)),
    }))

  tool('test_simple_text', () => text('This is a simple text response for testing.'))
  tool('test_image_content', () => ({ content: [image] }))
  tool('test_audio_content', () => ({ content: [audio] }))
  tool('test_embedded_resource', () => ({
    content: [
      embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
    ],
  }))
  tool('test_multiple_content_types', () => ({
    content: [
      ...text('Multiple content types test:').content,
      image,
      embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ],
  }))
  tool('test_error_handling', () => {
    throw new Error('This tool intentionally returns an error for testing')
  })
  tool('test_tool_with_logging', async ({ mcpReq }) => {
    for (const step of ['started', 'processing', 'completed']) {
      await mcpReq.log('info', `Tool execution ${step}`)
      // The suite wants them apart.
      await delay(50)
    }
    return text('Logged three times.')
  })
  tool('test_logging_tool', async ({ mcpReq }) => {
    await mcpReq.log('info', 'Nobody asked for this.')
    return text('Logged once.')
  })
  tool('test_tool_with_progress', async ({ mcpReq }) => {
    const progressToken = mcpReq['_meta']?.progressToken
    for (const progress of progressToken === undefined ? [] : [0, 50, 100]) {
      const params = { progressToken, progress, total: 100 }
      await mcpReq.notify({ method: 'notifications/progress', params })
      await delay(50)
    }
    return text('Done.')
  })
  tool('test_reconnection', async ({ http }) => {
    http?.closeSSE?.()
    await delay(100)
    return text('Sent to whoever came back.')
  })
  tool('test_trigger_tool_change', () => {
    notify().toolsChanged()
    return text('Told.')
  })
  tool('test_trigger_prompt_change', () => {
    notify().promptsChanged()
    return text('Told.')
  })
  addSchemaTools(server)
}

/** Tools whose input schema is what the suite looks at. */
function addSchemaTools(server: McpServer): void {
  server.registerTool(
    'json_schema_2020_12_tool',
    { description: 'The suite reads its schema.', inputSchema: fromJsonSchema(richSchema) },
    () => text('Read.'),
  )
  server.registerTool(
    'test_header_parameter',
    {
      description: 'Its parameter also comes as a header.',
      inputSchema: fromJsonSchema<{ region: string }>(headerSchema),
    },
    ({ region }) => text(region),
  )
}
