/** Reads the secret out of an `otpauth://` address, in groups to be typed; any other address is no link. */
export function readSecret(totpURI: string): { secret: string; uri: string | undefined } {
  const uri = totpURI.startsWith('otpauth://') ? totpURI : undefined
  const query = new URLSearchParams(totpURI.slice(totpURI.indexOf('?') + 1))
  const secret = (query.get('secret') ?? '').replaceAll(/(.{4})(?=.)/g, '$1 ')
  return { secret, uri }
}
