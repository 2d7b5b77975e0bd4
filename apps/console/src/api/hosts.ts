import type { CreateHostResponse, HostEnded, HostView } from './contract.ts'
import { get, post } from './request.ts'

/** Lists the apps the person connected. */
export async function listHosts(signal: AbortSignal): Promise<readonly HostView[]> {
  return (await get<{ hosts: readonly HostView[] }>('/host/list', { signal })).hosts
}

/** Gives an app the name the person knows it by. */
export function renameHost(hostId: string, name: string): Promise<unknown> {
  return post('/host/update', { host_id: hostId, name })
}

/** Says what the agents of an app get without asking. Takes a fresh sign-in. */
export function setHostDefaults(hostId: string, defaults: readonly string[]): Promise<unknown> {
  return post('/host/update', { host_id: hostId, default_capabilities: defaults })
}

/** Disconnects an app; it may ask again. */
export function unlinkHost(hostId: string): Promise<HostEnded> {
  return post('/host/unlink', { host_id: hostId })
}

/** Lets an app go to another account. */
export function switchHost(hostId: string): Promise<HostEnded> {
  return post('/host/switch-account', { host_id: hostId })
}

/** Ends an app for good: its key is never accepted again. */
export function revokeHost(hostId: string): Promise<HostEnded> {
  return post('/host/revoke', { host_id: hostId })
}

/** Makes a token with which one app can connect. Takes a fresh sign-in. */
export function createEnrollment(app: {
  name?: string
  default_capabilities: readonly string[]
}): Promise<CreateHostResponse> {
  return post('/host/create', app)
}
