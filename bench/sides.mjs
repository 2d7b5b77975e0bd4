import { randomBytes } from 'node:crypto'
import { newKey, privateKeyOf, signJwt } from './jwt.mjs'
import { authorization as clientAuthorization } from './servers/provider-client.mjs'

/**
 * What is compared. Countersign and the peer are prepared through their own HTTP interface alike: people sign up, hosts
 * are linked to them, agents register and ask for `ping`, and the people approve.
 */
export const agentSides = {
  countersign: { script: './servers/countersign.mjs', linkHost: linkByApproval },
  peer: { script: './peers/server.mjs', linkHost: linkByCreation },
  floor: { script: './servers/floor.mjs', scenarios: ['execute'], makeIdentity: storeKey },
}

/** The same three for people and services: sessions, API keys and JWTs. */
export const appSides = {
  countersign: {
    script: './servers/app.mjs',
    makeIdentity: signUpWithCredentials,
    keyHeader: 'x-countersign-api-key',
  },
  peer: {
    script: './peers/app.mjs',
    makeIdentity: signUpWithCredentials,
    keyHeader: 'x-api-key',
  },
  floor: {
    script: './servers/app-floor.mjs',
    scenarios: ['session'],
    makeIdentity: async (origin) => (await fetch(`${origin}/session`)).json(),
  },
}

const providerScenarios = ['client-credentials', 'code', 'refresh', 'oauth-introspect']
const makeIdentity = async () => ({ authorization: clientAuthorization })

/** The provider: beside `oidc-provider`, and for its documents beside plain Better Auth. */
export const providerSides = {
  countersign: { script: './servers/provider.mjs', makeIdentity },
  peer: { script: './servers/oidc-provider.mjs', scenarios: providerScenarios, makeIdentity },
  plain: {
    script: './peers/provider.mjs',
    scenarios: ['discovery', 'jwks'],
    makeIdentity,
  },
}

/** A person with a session, an API key and a JWT. */
async function signUpWithCredentials(origin, index) {
  const cookie = await signUp(origin, index)
  const { key, id } = await caller(origin, cookie)('/api-key/create', { name: 'bench' })
  const response = await fetch(`${origin}/api/auth/token`, { headers: { cookie } })
  return { cookie, key, keyId: id, jwt: (await response.json()).token }
}

/** Makes as many people, each with a linked host and an agent that may execute `ping`. */
export async function makeIdentities(side, origin, count) {
  const identities = []
  for (let index = 0; index < count; index += 1) {
    if (side.makeIdentity) {
      identities.push(await side.makeIdentity(origin, index))
      continue
    }
    const cookie = await signUp(origin, index)
    const call = caller(origin, cookie)
    const identity = { hostKey: newKey(), agentKey: newKey(), cookie }
    await side.linkHost(call, origin, identity)
    identities.push(identity)
  }
  return identities
}

/** The floor knows keys and nothing else. */
async function storeKey(origin, index) {
  const identity = { hostKey: newKey(), agentKey: newKey(), agentId: `agent-${index}` }
  await fetch(`${origin}/key`, {
    method: 'POST',
    body: JSON.stringify({ agentId: identity.agentId, jwk: identity.agentKey.publicJwk }),
  })
  return { ...identity, issuer: identity.hostKey.thumbprint }
}

/** Countersign links a host to the person who approves its first agent. */
async function linkByApproval(call, origin, identity) {
  identity.issuer = identity.hostKey.thumbprint
  await approve(call, await registerAgent(call, origin, identity), {})
}

/** The peer's person creates the host. Its id as `iss` is the look-up that takes one query. */
async function linkByCreation(call, origin, identity) {
  const host = await call('/host/create', {
    name: 'bench',
    public_key: identity.hostKey.publicJwk,
    default_capabilities: [],
  })
  identity.issuer = host.hostId ?? host.id
  const registered = await registerAgent(call, origin, identity)
  await approve(call, registered, { agent_id: registered.agent_id })
}

/** One more agent that may execute `ping`, under a host of Countersign that is linked. */
export async function registerUnder(origin, { hostKey, issuer, cookie }) {
  const call = caller(origin, cookie)
  const identity = { hostKey, issuer, agentKey: newKey() }
  await approve(call, await registerAgent(call, origin, identity), {})
  return identity
}

async function registerAgent(call, origin, identity) {
  const claims = {
    iss: identity.issuer,
    aud: origin,
    host_public_key: identity.hostKey.publicJwk,
    agent_public_key: identity.agentKey.publicJwk,
  }
  const key = privateKeyOf(identity.hostKey.secret)
  const authorization = `Bearer ${signJwt('host+jwt', claims, key)}`
  const body = { name: 'bench', mode: 'delegated', capabilities: ['ping'] }
  const registered = await call('/agent/register', body, { authorization, cookie: '' })
  identity.agentId = registered.agent_id
  return registered
}

async function approve(call, { approval }, which) {
  const body = { ...which, user_code: approval.user_code, action: 'approve' }
  await call('/agent/approve-capability', body)
}

async function signUp(origin, index) {
  const response = await fetch(`${origin}/api/auth/sign-up/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({
      name: `Person ${index}`,
      email: `person-${index}@example.com`,
      password: randomBytes(16).toString('hex'),
    }),
  })
  if (!response.ok) throw new Error(`sign-up: ${response.status} ${await response.text()}`)
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}

function caller(origin, cookie) {
  return async (path, body, headers = {}) => {
    const response = await fetch(`${origin}/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin, cookie, ...headers },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
}
