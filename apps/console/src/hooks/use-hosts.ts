import { useQuery } from '@tanstack/react-query'
import { listHosts } from '../api/hosts.ts'

/** The apps the person connected. They change with the agents, so they are read again with them. */
export function useHosts() {
  return useQuery({ queryKey: ['agents', 'hosts'], queryFn: ({ signal }) => listHosts(signal) })
}
