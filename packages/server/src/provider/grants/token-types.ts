import { decodeProtectedHeader } from 'jose'

/** How RFC 8693 section 3, and the ID-JAG draft, name what is exchanged for what. */
export const TOKEN_TYPE = {
  accessToken: 'urn:ietf:params:oauth:token-type:access_token',
  idToken: 'urn:ietf:params:oauth:token-type:id_token',
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  idJag: 'urn:ietf:params:oauth:token-type:id-jag',
} as const

/** The `typ` of an ID-JAG (draft-ietf-oauth-identity-assertion-authz-grant section 3). */
export const ID_JAG = 'oauth-id-jag+jwt'

/** Whether a JWT says that it is an ID-JAG: good for choosing how to verify it. */
export function isIdJag(jwt: string): boolean {
  try {
    return decodeProtectedHeader(jwt).typ === ID_JAG
  } catch {
    return false
  }
}
