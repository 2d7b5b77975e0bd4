import { type CryptoKey, encodeBase64url } from '@countersign/protocol'

type Json = Readonly<Record<string, unknown>>

/** Signs any header and any claims, also those that no honest software would send. */
export async function signRaw(
  header: Json,
  payload: Json,
  sign: CryptoKey | ((data: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>),
): Promise<string> {
  const data = `${encode(header)}.${encode(payload)}`
  const bytes = new TextEncoder().encode(data)
  const signature =
    typeof sign === 'function'
      ? await sign(bytes)
      : new Uint8Array(await crypto.subtle.sign('Ed25519', sign, bytes))
  return `${data}.${encodeBase64url(signature)}`
}

/** The parts of a JWT, nothing verified. */
export function readRaw(jwt: string): { header: Json; payload: Json } {
  const [header = '', payload = ''] = jwt.split('.')
  return { header: decode(header), payload: decode(payload) }
}

/** The same JWT with other claims, signed again; `undefined` leaves a claim out. */
export async function resign(
  jwt: string,
  privateKey: CryptoKey,
  changes: { header?: Json; payload?: Json },
): Promise<string> {
  const { header, payload } = readRaw(jwt)
  return signRaw({ ...header, ...changes.header }, { ...payload, ...changes.payload }, privateKey)
}

function encode(value: Json): string {
  return encodeBase64url(new TextEncoder().encode(JSON.stringify(value)))
}

function decode(part: string): Json {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Json
}
