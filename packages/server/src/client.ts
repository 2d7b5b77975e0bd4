import type { BetterAuthClientPlugin } from '@better-auth/core'
import type { agentAuth } from './agent-auth/index.ts'

/**
 * Better Auth client plugin: the endpoints of the person who is signed in, typed.
 *
 * `createAuthClient({ plugins: [agentAuthClient()] })` then has `agent.list()`, `agent.approval()`,
 * `agent.approveCapability()`, `host.list()` and the others, each at the path of its name. Nothing of
 * the server comes with it but its types.
 */
export function agentAuthClient() {
  return {
    id: 'agent-auth',
    $InferServerPlugin: {} as ReturnType<typeof agentAuth>,
    pathMethods: {
      '/agent/approval': 'GET',
      '/agent/approval/challenge': 'POST',
      '/agent/approvals': 'GET',
      '/agent/approve-capability': 'POST',
      '/agent/claim': 'GET',
      '/agent/list': 'GET',
      '/agent/get': 'GET',
      '/agent/activity': 'GET',
      '/agent/live': 'GET',
      '/agent/update': 'POST',
      '/agent/pause': 'POST',
      '/agent/revoke': 'POST',
      '/agent/grantable': 'GET',
      '/agent/grant-capability': 'POST',
      '/agent/grant-capability/challenge': 'POST',
      '/agent/revoke-grant': 'POST',
      '/host/create': 'POST',
      '/host/list': 'GET',
      '/host/update': 'POST',
      '/host/unlink': 'POST',
      '/host/switch-account': 'POST',
      '/host/revoke': 'POST',
      '/directory/submit': 'POST',
    },
  } satisfies BetterAuthClientPlugin
}
