import type { BetterAuthOptions, BetterAuthPlugin } from '@better-auth/core'
import type { router } from 'better-auth/api'
import type { InferAPI } from 'better-auth/types'

/*
 * Better Auth's own type of `auth.api` compares every endpoint of every plugin with every other one,
 * which takes the type checker seconds. Nothing is compared here: the endpoints are put together.
 */

/**
 * What `auth.api` offers: Better Auth's endpoints and those of the plugins, which win.
 *
 * `Options` types the people and sessions in the answers; the endpoints are those of `Plugins`.
 */
export type Api<Options extends BetterAuthOptions, Plugins> = ApiOf<
  Overridden<ReturnType<typeof router<Options>>['endpoints'], EndpointsOf<Plugins>>
>

/** Plugins without their endpoints: what types people, sessions and error codes. */
export type WithoutEndpoints<Plugins> = {
  [Index in keyof Plugins]: ModelsOf<Plugins[Index]>
} extends infer Models extends BetterAuthPlugin[]
  ? Models
  : []

// Distributes, so that an empty list's element stays `never`.
type ModelsOf<Plugin> = Plugin extends unknown ? Omit<Plugin, 'endpoints'> : never

type ApiOf<Endpoints> = Callable<Omit<Endpoints, 'getSession'>> &
  // Its answer is typed by Better Auth in a way of its own.
  InferAPI<Pick<Endpoints, 'getSession' & keyof Endpoints>>

type Overridden<Base, Added> = Omit<Base, keyof Added> & Added

/** Without what is there for browsers alone. */
type Callable<Endpoints> = {
  [
    Name in keyof Endpoints as Endpoints[Name] extends BrowserEndpoint ? never : Name
  ]: Endpoints[Name]
}

interface BrowserEndpoint {
  options: { metadata: { isAction: false } | { scope: 'http' } }
}

type EndpointsOf<Plugins, Found = unknown> = Plugins extends readonly [infer First, ...infer Rest]
  ? EndpointsOf<Rest, Found & EndpointsIn<First>>
  : Plugins extends readonly []
    ? Found
    : Plugins extends readonly (infer Any)[]
      ? Found & Intersection<EndpointsIn<Any>>
      : Found

type EndpointsIn<Plugin> = Plugin extends { endpoints: infer Endpoints } ? Endpoints : object

type Intersection<Union> = (Union extends unknown ? (one: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never
