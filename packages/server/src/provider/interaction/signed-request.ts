import { ProtocolError } from '@countersign/protocol'
import type { Client } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import { type AuthorizationQuery, openSigned, type SignedRequest } from '../engine.ts'
import { guardRequest } from '../guard/guard.ts'

/** A request that this server signed for a page, and that would still be let in. */
export interface OpenedRequest extends SignedRequest {
  readonly client: Client
  readonly checked: AuthorizationQuery
}

/**
 * Opens the query of a page and checks the request again: the client may have changed since.
 *
 * Throws `invalid_request` for what was not signed here or is too old, and for what is not let in.
 */
export async function openRequest(
  context: ProviderContext,
  text: string,
  now: number,
): Promise<OpenedRequest> {
  const signed = openSigned(text, context.auth.secret, now)
  if (!signed) {
    throw new ProtocolError('invalid_request', {
      message: 'The request is not from this server, or too old. Start again in the application.',
    })
  }
  const guarded = await guardRequest(context, signed.query)
  if (!guarded.ok) {
    throw new ProtocolError('invalid_request', {
      message: 'The application may not ask for this any more. Start again there.',
    })
  }
  return { ...signed, client: guarded.client, checked: guarded.query }
}

/** The request behind a consent page; it must have been opened for this very session. */
export async function openConsentRequest(
  context: ProviderContext,
  text: string,
  { sessionId, now }: { readonly sessionId: string; readonly now: number },
): Promise<OpenedRequest> {
  const opened = await openRequest(context, text, now)
  if (opened.sessionId !== sessionId) {
    throw new ProtocolError('unauthorized', {
      message: 'This page was opened in another session. Start again in the application.',
    })
  }
  return opened
}
