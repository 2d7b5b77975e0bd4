import { createHash } from 'node:crypto'

/** The one client that every provider measured knows. */
export const client = {
  id: 'bench',
  secret: 'Qm7Zt2Xw9Lk4Rv8Np3Yd6Hs1Jc5Fb0Ga',
  redirectUri: 'https://app.example.com/callback',
  scope: 'openid profile email offline_access',
}

export const authorization = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`

/** The PKCE pair of every code. */
export const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
export const challenge = createHash('sha256').update(verifier).digest('base64url')

/** The form that redeems a code. */
export function tokenForm({ code }) {
  return new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: client.redirectUri,
  }).toString()
}
