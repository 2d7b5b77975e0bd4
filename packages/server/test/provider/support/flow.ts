/** What nearly every test of the provider needs, in the order of a flow. */
export { BASE, ISSUER } from '../../support/http.ts'
export {
  openEmbedded,
  openMemory,
  openPostgres,
  type ProviderWorld,
  providerWorlds,
} from './world.ts'
export { Browser } from './browser.ts'
export { signIn, signUp, type TestUser } from './people.ts'
export { createClient, hashed, REDIRECT, type TestClient } from './client.ts'
export {
  authorizationRequest,
  authorize,
  codeFor,
  decide,
  type Decision,
  locationOf,
  type RequestParameters,
  type TestCode,
  type TestRequest,
} from './authorize.ts'
export { postForm, redeem, tokensFor } from './redeem.ts'
