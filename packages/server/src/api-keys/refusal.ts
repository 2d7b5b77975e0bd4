import { APIError } from 'better-auth/api'

/** What the endpoints of API keys refuse, under the codes of `@better-auth/api-key` where it has one. */
const refusals = {
  UNAUTHORIZED_SESSION: ['UNAUTHORIZED', 'Sign in first.'],
  KEY_NOT_FOUND: ['NOT_FOUND', 'You have no such API key.'],
  OWNER_NOT_FOUND: ['NOT_FOUND', 'There is no such owner of API keys.'],
  SERVER_ONLY_PROPERTY: ['BAD_REQUEST', 'Only code on the server may set this.'],
  NO_VALUES_TO_UPDATE: ['BAD_REQUEST', 'There is nothing to change.'],
  INVALID_OWNER: ['BAD_REQUEST', 'Name one owner.'],
  EXPIRES_IN_IS_TOO_LARGE: ['BAD_REQUEST', 'A key may not live that long.'],
  NOT_YOUR_KEY: ['FORBIDDEN', 'Keys are made for yourself, an organization or a service.'],
  INSUFFICIENT_API_KEY_PERMISSIONS: ['FORBIDDEN', 'Your role does not allow this.'],
  PERMISSIONS_NOT_ALLOWED: ['FORBIDDEN', 'A key may not be given these permissions.'],
  KEY_NOT_ROTATABLE: [
    'CONFLICT',
    'Only a key that is in use is rotated: enabled, not over, not replaced, its uses not counted.',
  ],
  KEY_REPLACED: ['CONFLICT', 'The key was replaced; when it ends is decided.'],
} as const

/** Why an endpoint of API keys refuses. */
export type Refusal = keyof typeof refusals

/** The refusal as the answer to a request, in the form of Better Auth's account endpoints. */
export function refuse(code: Refusal): APIError {
  const [status, message] = refusals[code]
  return new APIError(status, { code, message })
}
