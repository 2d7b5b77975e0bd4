import { serveStdio as serve } from '@modelcontextprotocol/server/stdio'
import { createToolServer } from './tool-server.ts'
import type { ToolServerOptions } from './tool-server.ts'

/** Serves one host over standard input and output, until it closes them or the signal says so. */
export async function serveStdio(options: ToolServerOptions, signal: AbortSignal): Promise<void> {
  const handle = serve(() => createToolServer(options))
  await new Promise<void>((resolve) => {
    process.stdin.once('end', resolve).once('close', resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (signal.aborted) resolve()
  })
  await handle.close()
}
