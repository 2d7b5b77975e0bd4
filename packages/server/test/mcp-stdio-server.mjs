// An MCP server on standard input and output, as a process of its own.
import { fromJsonSchema, McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'

serveStdio(() => {
  const server = new McpServer({ name: 'process', version: '1.0.0' })
  server.registerTool(
    'pid',
    {
      description: 'Tells the process id.',
      inputSchema: fromJsonSchema({ type: 'object', properties: {} }),
      annotations: { readOnlyHint: true },
    },
    () => ({ content: [{ type: 'text', text: String(process.pid) }] }),
  )
  server.registerTool(
    'exit',
    { description: 'Ends.', inputSchema: fromJsonSchema({ type: 'object', properties: {} }) },
    () => process.exit(1),
  )
  return server
})
