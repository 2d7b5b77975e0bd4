import { QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiError, isUnavailable } from '../lib/api-error.ts'

const retryEvery = 3000

/** Makes the cache of server answers. While the server is away, queries ask again by themselves. */
export function createQueryClient(): QueryClient {
  const client = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        // Signed out elsewhere: reading the session again leads to the sign-in page.
        if (!(error instanceof ApiError) || error.status !== 401) return
        if (query.queryKey[0] !== 'session') {
          void client.invalidateQueries({ queryKey: ['session'] })
        }
      },
    }),
    defaultOptions: {
      queries: {
        // The browser's idea of being offline is often wrong, above all for a server on localhost.
        networkMode: 'always',
        staleTime: 2000,
        retry: false,
        refetchInterval: (query) => (isUnavailable(query.state.error) ? retryEvery : false),
      },
      mutations: { networkMode: 'always', retry: false },
    },
  })
  return client
}
