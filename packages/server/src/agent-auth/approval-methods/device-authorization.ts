import type { ApprovalMethod } from './approval-method.ts'

/** RFC 8628: the agent shows a short code, the person enters it on a page of this server. */
export function deviceAuthorization(): ApprovalMethod {
  return {
    id: 'device_authorization',
    start({ userCode, verificationUri, expiresIn }) {
      const complete = new URL(verificationUri)
      complete.searchParams.set('code', userCode)
      return {
        method: 'device_authorization',
        verification_uri: verificationUri,
        verification_uri_complete: complete.href,
        user_code: userCode,
        expires_in: expiresIn,
        interval: 2,
      }
    },
  }
}
