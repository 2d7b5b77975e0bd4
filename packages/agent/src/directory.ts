export { searchProviders } from './search-providers.ts'
export type { RejectedProvider, SearchOptions, SearchResult } from './search-providers.ts'
