import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { storedToken } from '../../sessions/stored-token.ts'
import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'

/** How long, in seconds, a pushed request waits for its browser. */
export const PUSHED_LIFETIME = 90

const PREFIX = 'urn:ietf:params:oauth:request_uri:'

const pushedForm = z.object({ clientId: z.string(), parameters: z.string() })

type Context = Pick<ProviderContext, 'auth'>

/** Whether a `request_uri` stands for a pushed request, and not for a document elsewhere. */
export function isPushedRequest(requestUri: string): boolean {
  return requestUri.startsWith(PREFIX)
}

/** Keeps a checked request, and returns the `request_uri` that stands for it (RFC 9126). */
export async function keepPushedRequest(
  { auth }: Context,
  { clientId }: Pick<Client, 'clientId'>,
  parameters: URLSearchParams,
): Promise<string> {
  const requestUri = PREFIX + randomBytes(32).toString('base64url')
  await auth.internalAdapter.createVerificationValue({
    identifier: identifierOf(clientId, requestUri),
    value: JSON.stringify({ clientId, parameters: parameters.toString() }),
    expiresAt: new Date(Date.now() + PUSHED_LIFETIME * 1000),
  })
  return requestUri
}

/** Takes a pushed request of this client, once; null when it is used, too old or another's. */
export async function takePushedRequest(
  { auth }: Context,
  { clientId }: Pick<Client, 'clientId'>,
  requestUri: string,
): Promise<URLSearchParams | null> {
  if (!isPushedRequest(requestUri)) return null
  const identifier = identifierOf(clientId, requestUri)
  const row = await auth.internalAdapter.consumeVerificationValue(identifier)
  const pushed = row && pushedForm.parse(JSON.parse(row.value))
  return pushed?.clientId === clientId ? new URLSearchParams(pushed.parameters) : null
}

/** Hashed with the client: another one cannot even use it up. */
function identifierOf(clientId: string, requestUri: string): string {
  return `oauth-pushed:${storedToken(`${clientId} ${requestUri}`)}`
}
