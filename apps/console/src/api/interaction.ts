import type { BackchannelView, InteractionDecision, InteractionView } from './provider-contract.ts'
import { get, post } from './request.ts'

/** Reads what an application asks for in the authorization request behind a signed query. */
export function getInteraction(signed: string, signal: AbortSignal): Promise<InteractionView> {
  return get(`/oidc/interaction?${signed}`, { signal })
}

/** Decides on an authorization request; says where the browser goes next. */
export function decideInteraction(
  decision: InteractionDecision & { oauth_query: string },
): Promise<{ redirect_uri: string }> {
  return post('/oidc/interaction', decision)
}

/** Goes on with an authorization request after the account was chosen. */
export function chooseAccount(signed: string): Promise<{ redirect_uri: string }> {
  return post('/oidc/interaction/continue', { oauth_query: signed, selected: true })
}

/** Reads what the device that shows this code asks for. */
export function getDevice(userCode: string, signal: AbortSignal): Promise<InteractionView> {
  return get('/oidc/device', { query: { user_code: userCode }, signal })
}

/** Decides on the request of a device. */
export function decideDevice(
  decision: InteractionDecision & { user_code: string },
): Promise<{ status: string }> {
  return post('/oidc/device', decision)
}

/** Lists the requests of applications that wait for the signed-in person. */
export async function listBackchannel(signal: AbortSignal): Promise<readonly BackchannelView[]> {
  const answer = await get<{ approvals: readonly BackchannelView[] }>('/oidc/approvals', { signal })
  return answer.approvals
}

/** Decides on one of them. */
export function decideBackchannel(
  id: string,
  decision: InteractionDecision,
): Promise<{ status: string }> {
  return post(`/oidc/approvals/${encodeURIComponent(id)}`, decision)
}
