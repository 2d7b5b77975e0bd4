import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import {
  chooseAccount,
  decideBackchannel,
  decideDevice,
  decideInteraction,
  getDevice,
  getInteraction,
  listBackchannel,
} from '../api/interaction.ts'
import type { BackchannelView, InteractionDecision } from '../api/provider-contract.ts'
import { ApiError, hasCode, isUnavailable } from '../lib/api-error.ts'
import { leave } from '../lib/leave.ts'
import { authorizePath, type OAuthRequest } from '../lib/oauth-request.ts'

// A ticket is good once and shown to nobody else: it is asked for once, too.
const once = { staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false } as const

/** What an application asks for in this browser. */
export function useInteraction(signed: string | undefined) {
  return useQuery({
    queryKey: ['interaction', signed],
    queryFn: ({ signal }) => getInteraction(signed ?? '', signal),
    enabled: signed !== undefined,
    ...once,
    refetchOnMount: (query) => query.state.error === null || isUnavailable(query.state.error),
  })
}

/** What a device with a code asks for, while nothing is decided. */
export function useDeviceInteraction(userCode: string, isOpen: boolean) {
  return useQuery({
    queryKey: ['device-interaction', userCode],
    queryFn: ({ signal }) => getDevice(userCode, signal),
    enabled: isOpen,
    ...once,
    // A wrong code counts as a try, so it is never asked twice by itself.
    refetchOnMount: (query) => query.state.error === null || isUnavailable(query.state.error),
  })
}

/** Decides on an authorization request, and takes the browser where it goes on. */
export function useInteractionDecision(signed: string) {
  return useMutation({
    mutationFn: async (decision: InteractionDecision) => {
      const { redirect_uri: url } = await decideInteraction({ ...decision, oauth_query: signed })
      await leave(url)
      return { url, decision: decision.decision }
    },
  })
}

/** Goes on with this account; where the signature is over, with the same request once more. */
export function useAccountChoice(request: OAuthRequest) {
  return useMutation({
    mutationFn: async () => {
      const { redirect_uri: url } = await chooseAccount(request.signed).catch((error: unknown) => {
        if (!hasCode(error, 'invalid_request')) throw error
        return { redirect_uri: authorizePath(request, ['select_account']) }
      })
      await leave(url)
      return url
    },
  })
}

/** Decides on the request of a device. */
export function useDeviceDecision(userCode: string) {
  return useMutation({
    mutationFn: async (decision: InteractionDecision) => {
      await decideDevice({ ...decision, user_code: userCode })
      return { decision: decision.decision }
    },
  })
}

const askAgainEvery = 10_000

/** The requests of applications that wait for the person; none where this server is no provider. */
export function useBackchannel() {
  return useQuery({
    queryKey: ['agents', 'backchannel'],
    queryFn: ({ signal }) => listBackchannel(signal).catch(noneWithoutProvider),
    refetchInterval: (query) => (query.state.data === noRequests ? false : askAgainEvery),
  })
}

const noRequests: readonly BackchannelView[] = []

function noneWithoutProvider(error: unknown): readonly BackchannelView[] {
  if (error instanceof ApiError && error.status === 404) return noRequests
  throw error
}

/** Decides on one of them. */
export function useBackchannelDecision(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (decision: InteractionDecision) => decideBackchannel(id, decision),
    onSettled: () => queries.invalidateQueries({ queryKey: ['agents', 'backchannel'] }),
  })
}
