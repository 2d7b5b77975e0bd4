import type { ProviderContext } from '../context.ts'
import { type EndpointContext, type Engine, runAuthorize } from '../engine.ts'
import { activeOrganization } from '../interaction/show.ts'
import { OAuthError } from '../oauth-error.ts'
import { admit, type SignedIn } from './admission.ts'
import { corrected, toClient } from './destination.ts'
import { guardRequest } from './guard.ts'

/** A prompt that a page asked and the person answered. */
export type Answered = 'login' | 'create' | 'select_account'

/** A request on its way, and who makes it. */
export interface Going {
  readonly context: ProviderContext
  /** Null for nobody: they are asked to sign in. */
  readonly person: SignedIn | null
  readonly query: URLSearchParams
  /** Whether they signed in for this very request. */
  readonly isFresh: boolean
  /** What they just answered. @default nothing */
  readonly answered?: readonly Answered[] | undefined
}

/**
 * Takes an authorization request as far as it gets, and returns where that is: a page of ours, or
 * the client with a code or an error. Every way to a code leads through here or the consent page.
 */
export async function goOn(engine: Engine, ctx: EndpointContext, going: Going): Promise<string> {
  const { context, person, isFresh, answered = [] } = going
  const guarded = await guardRequest(context, without(going.query, answered, isFresh))
  if (!guarded.ok) return guarded.url
  const { client, query } = guarded
  try {
    const organizationId = person && (await activeOrganization(context.store, person))
    const admitted = person
      ? await admit(context, { client, query, person, isFresh, organizationId })
      : query
    return corrected(context, await runAuthorize(engine, ctx, admitted))
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    const state = typeof query['state'] === 'string' ? query['state'] : null
    return toClient(context, { redirectUri: String(query['redirect_uri']), state }, error)
  }
}

/** The request without what was answered; who signed in for it is also as fresh as `max_age` asks. */
function without(
  query: URLSearchParams,
  answered: readonly Answered[],
  isFresh: boolean,
): URLSearchParams {
  const left = new URLSearchParams(query)
  if (isFresh) left.delete('max_age')
  const prompts = (left.get('prompt') ?? '').split(' ').filter(Boolean)
  const open = prompts.filter((prompt) => !answered.some((one) => one === prompt))
  if (open.length > 0) left.set('prompt', open.join(' '))
  else left.delete('prompt')
  return left
}
