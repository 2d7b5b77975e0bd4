import type { RequestListener } from 'node:http'

/** What an application knows of itself and of its Countersign server. */
export interface Settings {
  /** Where people find the application. */
  readonly appURL: string
  /** The Countersign server. */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Signs the application's own cookies. */
  readonly secret: string
}

/** A whole application: `/login` signs somebody in, `/` says who it is. */
export type Application = (settings: Settings) => Listener

/** What `createServer` of node:http takes. */
type Listener = (...parameters: Parameters<RequestListener>) => unknown
