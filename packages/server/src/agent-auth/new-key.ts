import { parsePublicJwk, ProtocolError, type PublicJwk } from '@countersign/protocol'
import { oneAtATime } from './one-at-a-time.ts'
import { thumbprintOf } from './thumbprint.ts'

/** A key to put in the place of another. */
export interface NewKey {
  readonly publicKey: PublicJwk
  readonly thumbprint: string
}

/** Reads the key of a rotation. Throws `unsupported_algorithm` or `invalid_request`. */
export function readNewKey(value: unknown): NewKey {
  const publicKey = parsePublicJwk(value)
  return { publicKey, thumbprint: thumbprintOf(publicKey) }
}

/** Throws `invalid_request` for a key that is published: it rotates there (specification, 5.9). */
export function refusePublished(jwksUrl: string | null): void {
  if (jwksUrl === null) return
  const message = 'This key is published at a JWKS URL. Publish the new one there, and use it.'
  throw new ProtocolError('invalid_request', { message })
}

interface Rotation<Result> {
  /** What must be unique: of two rotations to it, one counts. */
  readonly key: string
  readonly isTaken: () => Promise<boolean>
  readonly replace: () => Promise<Result>
}

/** Replaces a key unless the new one is in use, which is `invalid_request` however it turns out. */
export async function rotate<Result>({ key, isTaken, replace }: Rotation<Result>): Promise<Result> {
  return oneAtATime(`rotate:${key}`, async () => {
    if (await isTaken()) throw inUse()
    return replace().catch(async (error: unknown) => {
      // Another process was faster: the database keeps the key unique.
      throw (await isTaken()) ? inUse() : error
    })
  })
}

function inUse(): ProtocolError {
  const message = 'The key is in use already. Make a new one.'
  return new ProtocolError('invalid_request', { message })
}
