import { createServer } from 'node:net'

/** Returns a TCP port nobody listens on; somebody else may still take it first. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (!address || typeof address === 'string') throw new Error('No free port on 127.0.0.1.')
  return address.port
}
