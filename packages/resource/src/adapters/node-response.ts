import type { ServerResponse } from 'node:http'

/** Sends a small Fetch response through Node. */
export async function writeResponse(target: ServerResponse, response: Response): Promise<void> {
  const body = new Uint8Array(await response.arrayBuffer())
  target.writeHead(response.status, Object.fromEntries(response.headers))
  target.end(target.req.method === 'HEAD' ? undefined : body)
}
