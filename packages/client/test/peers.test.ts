import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import * as peer from 'openid-client'
import { exchangeToken, finishSignIn, startSignIn, verifyIdToken } from '@countersign/client'
import { Browser } from './support/browser.ts'
import { clientId, clientSecret, openProvider, redirectUri } from './support/provider.ts'
import type { TestProvider } from './support/provider.ts'

let provider: TestProvider

beforeAll(async () => {
  vi.spyOn(console, 'info').mockReturnValue()
  vi.spyOn(console, 'warn').mockReturnValue()
  provider = await openProvider()
})
afterAll(async () => provider.close())

const ourConfig = () => ({ issuer: provider.issuer, clientId, clientSecret })

async function peerConfig(): Promise<peer.Configuration> {
  return peer.discovery(new URL(provider.issuer), clientId, clientSecret, undefined, {
    execute: [peer.allowInsecureRequests],
  })
}

/** Signs in at an authorize address and returns the answer. */
async function answerTo(url: string): Promise<URL> {
  const back = (address: string): boolean => address.startsWith(redirectUri)
  const visit = await new Browser().signIn(url, 'ann', back)
  return new URL(visit.url)
}

it('starts a sign-in that openid-client finishes', async () => {
  const { url, attempt } = await startSignIn(redirectUri, {}, ourConfig())
  const tokens = await peer.authorizationCodeGrant(await peerConfig(), await answerTo(url), {
    pkceCodeVerifier: attempt.codeVerifier,
    expectedState: attempt.state,
    expectedNonce: attempt.nonce,
    idTokenExpected: true,
  })
  expect(tokens.claims()?.sub).toBe('ann')
})

it('finishes a sign-in that openid-client started', async () => {
  const configuration = await peerConfig()
  const { attempt } = await startSignIn(redirectUri, {}, ourConfig())
  const url = peer.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: await peer.calculatePKCECodeChallenge(attempt.codeVerifier),
    code_challenge_method: 'S256',
  })
  const result = await finishSignIn(await answerTo(url.href), attempt, ourConfig())
  expect(result.info).toMatchObject({ sub: 'ann', email: 'ann@example.com' })
  const idToken = result.tokens.id_token ?? ''
  const expected = { nonce: attempt.nonce, accessToken: result.tokens.access_token }
  await expect(verifyIdToken(idToken, expected, ourConfig())).resolves.toMatchObject({ sub: 'ann' })
  // The same token is worth nothing to another client of the same provider (CVE-2026-55669).
  const stranger = { ...ourConfig(), clientId: 'stranger' }
  await expect(verifyIdToken(idToken, expected, stranger)).rejects.toMatchObject({
    code: 'invalid_id_token',
  })
})

it('cannot redeem a code without the verifier of the attempt', async () => {
  const { url } = await startSignIn(redirectUri, {}, ourConfig())
  const other = await startSignIn(redirectUri, {}, ourConfig())
  const code = (await answerTo(url)).searchParams.get('code') ?? ''
  const { codeVerifier, nonce } = other.attempt
  const exchange = exchangeToken(code, redirectUri, { codeVerifier, nonce }, ourConfig())
  await expect(exchange).rejects.toMatchObject({ error: 'invalid_grant' })
})
