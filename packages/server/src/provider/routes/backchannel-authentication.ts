import { randomBytes } from 'node:crypto'
import { admitClient } from '../client-authentication.ts'
import { type Client, isPublic } from '../clients/client.ts'
import type { ProviderContext } from '../context.ts'
import { ciba } from '../grants/ciba.ts'
import { refuseDetails } from '../grants/grant-handler.ts'
import { findPerson } from '../grants/person.ts'
import type { MachineRequest, MachineRoute } from '../http.ts'
import { ACR_VALUES } from '../interaction/acr.ts'
import { readHint } from '../interaction/id-token-hint.ts'
import { OAuthError } from '../oauth-error.ts'
import { askedFor, newPending } from '../pending/asked.ts'
import { notifyPerson, sealPing } from '../pending/notification.ts'
import { PENDING_LIFETIME, POLL_INTERVAL } from '../pending/pending.ts'
import { createPending } from '../pending/pending-store.ts'
import type { Person } from '../tokens/model.ts'
import { tokenHash } from '../tokens/known-tokens.ts'

/** Letters, digits and plain punctuation on one line: what fits any small screen (CIBA Core section 7.1). */
const bindingMessage = /^[\p{L}\p{N}][\p{L}\p{N} .,:;!?#%&()+/€$£_-]{0,63}$/u

/** Longer than 128 bits in any alphabet, and no longer than the specification lets it be. */
const notificationToken = /^[\w.~+/-]{20,1024}=*$/

/**
 * `POST /oauth2/bc-authorize`: a client asks a person on their own device (OpenID CIBA Core section 7).
 *
 * Who asks is told whether an account exists, so only confidential clients that an administrator let
 * use this grant may ask.
 */
export const backchannelAuthentication: MachineRoute = {
  methods: ['POST'],
  path: '/oauth2/bc-authorize',
  async handle(request) {
    const { context, now } = request
    const client = await admitClient(request)
    refuseOthers(client)
    refuseDetails(request)
    refuseUnsupported(request)
    const asked = askedFor(request, client)
    if (!asked.scopes.includes('openid')) {
      throw new OAuthError('invalid_scope', 'CIBA is OpenID Connect: ask for `openid`.')
    }
    const message = readBindingMessage(request)
    const lifetime = readLifetime(request)
    const acrValues = readAcrValues(request)
    const id = `cs_ar_${randomBytes(32).toString('base64url')}`
    const ping = readPing(request, client)
    const person = await hintedPerson(request, client)
    // Last of all: what is refused asks nobody.
    await context.pendingLimits.countRequest(person.id)
    const pending = newPending(
      {
        kind: 'ciba',
        secretHash: tokenHash(id),
        clientId: client.clientId,
        userId: person.id,
        bindingMessage: message,
        acrValues,
        notificationToken: ping && (await sealPing(context, { token: ping, auth_req_id: id })),
        ...asked,
      },
      { now, lifetime },
    )
    await createPending(context.store, pending)
    notifyPerson(context, client, person.id)
    return { body: { auth_req_id: id, expires_in: lifetime, interval: POLL_INTERVAL } }
  },
}

function refuseOthers(client: Client): void {
  if (client.grantTypes.includes(ciba.type) && !isPublic(client)) {
    if (client.registration === 'manual') return
  }
  throw new OAuthError('unauthorized_client', 'The client may not ask people on their devices.')
}

/** What would change the meaning of a request is refused by name, never ignored. */
function refuseUnsupported({ parameters }: MachineRequest): void {
  if (parameters.get('request') !== undefined) {
    throw new OAuthError('request_not_supported', 'Send the parameters themselves.')
  }
  if (parameters.get('login_hint_token') !== undefined) {
    throw new OAuthError('invalid_request', 'Name the person by `login_hint` or `id_token_hint`.')
  }
}

function readBindingMessage({ parameters }: MachineRequest): string | null {
  const message = parameters.get('binding_message') ?? null
  if (message === null || bindingMessage.test(message)) return message
  throw new OAuthError(
    'invalid_binding_message',
    'Use up to 64 letters, digits and plain punctuation, on one line.',
  )
}

/** How strongly the person has to be signed in to say yes; of what is asked, what is known here. */
function readAcrValues({ parameters }: MachineRequest): string | null {
  const asked = parameters.get('acr_values')?.split(' ').filter(Boolean) ?? []
  const known = asked.filter((value) => ACR_VALUES.includes(value))
  if (asked.length === 0) return null
  if (known.length > 0) return known.join(' ')
  throw new OAuthError('invalid_request', 'None of the `acr_values` is supported.')
}

/** Seconds: as asked for, and no more than a request may wait. */
function readLifetime({ parameters }: MachineRequest): number {
  const asked = parameters.get('requested_expiry')
  if (asked === undefined) return PENDING_LIFETIME
  if (!/^[1-9]\d{0,8}$/.test(asked)) {
    throw new OAuthError('invalid_request', '`requested_expiry` must be seconds, 1 or more.')
  }
  return Math.min(Number(asked), PENDING_LIFETIME)
}

/** The token that a client in ping mode has to send; null for one that polls. */
function readPing({ parameters }: MachineRequest, { notificationEndpoint }: Client): string | null {
  if (notificationEndpoint === null) return null
  const token = parameters.get('client_notification_token')
  if (token !== undefined && notificationToken.test(token)) return token
  throw new OAuthError(
    'invalid_request',
    'A client that is told by a ping sends `client_notification_token`: 20 to 1024 characters.',
  )
}

/** The one person that the request names, as long as they may use the client. */
async function hintedPerson(
  { context, parameters }: MachineRequest,
  client: Client,
): Promise<Person> {
  const login = parameters.get('login_hint')
  const token = parameters.get('id_token_hint')
  if ((login === undefined) === (token === undefined)) {
    throw new OAuthError('invalid_request', 'Send one of `login_hint` and `id_token_hint`.')
  }
  const userId =
    token === undefined
      ? await idOf(context, login ?? '')
      : await subjectOfHint(context, client, token)
  const person = userId === null ? null : await findPerson(context, client, userId)
  if (person) return person
  throw new OAuthError('unknown_user_id', 'Nobody who may use this client has that identifier.')
}

/** The id of whoever has an e-mail address, or the id itself. */
async function idOf({ store }: ProviderContext, hint: string): Promise<string | null> {
  if (!hint.includes('@')) return hint
  const where = [{ field: 'email', value: hint.toLowerCase() }]
  const user = await store.adapter.findOne<{ id: string }>({ model: 'user', where })
  return user?.id ?? null
}

async function subjectOfHint(
  context: ProviderContext,
  client: Client,
  token: string,
): Promise<string> {
  const hint = await readHint(context, token)
  // A pairwise subject is made from the person, and nobody is found by it.
  if (hint?.clientId === client.clientId && client.subjectType === 'public') return hint.subject
  throw new OAuthError('invalid_request', 'The `id_token_hint` names nobody to this client.')
}
