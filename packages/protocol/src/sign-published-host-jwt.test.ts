import { expect, it } from 'vitest'
import { readHostJwt, verifyHostJwt } from './host-jwt.ts'
import { generateKeyPair } from './jwk.ts'
import { signPublishedHostJwt } from './sign-published-host-jwt.ts'

const audience = 'https://bank.example'

it('names the key of the host and of the agent by URL and kid (4.2)', async () => {
  const { privateKey, publicJwk, privateJwk } = await generateKeyPair()
  const urls = {
    hostJwksUrl: 'https://broker.example/host.json',
    agentJwksUrl: 'https://broker.example/agents.json',
  }
  const names = { keyId: 'h1', agentKid: 'a1' }
  const jwt = await signPublishedHostJwt({
    audience,
    privateKey,
    publicJwk: privateJwk,
    ...urls,
    ...names,
  })
  const token = readHostJwt(jwt)
  expect(token).toMatchObject({ ...urls, ...names })
  expect(token).not.toHaveProperty('hostPublicKey')
  await verifyHostJwt(token, { key: publicJwk, audience, now: Date.now() / 1000 })
})

it('sends the public half alone where a key is inline', async () => {
  const { privateKey, privateJwk, publicJwk } = await generateKeyPair()
  const key = { audience, privateKey, publicJwk: privateJwk, agentPublicJwk: privateJwk }
  const token = readHostJwt(await signPublishedHostJwt(key))
  expect(token).toMatchObject({ hostPublicKey: publicJwk, agentPublicKey: publicJwk })
  expect(JSON.stringify(token)).not.toContain(privateJwk.d)
})
