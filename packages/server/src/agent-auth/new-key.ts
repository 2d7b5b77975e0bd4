import { jwkThumbprint, parsePublicJwk, ProtocolError, type PublicJwk } from '@countersign/protocol'
import { oneAtATime } from './one-at-a-time.ts'

/** A key to put in the place of another. */
export interface NewKey {
  readonly publicKey: PublicJwk
  readonly thumbprint: string
}

/** Reads the key of a rotation. Throws `unsupported_algorithm` or `invalid_request`. */
export async function readNewKey(value: unknown): Promise<NewKey> {
  const publicKey = parsePublicJwk(value)
  return { publicKey, thumbprint: await jwkThumbprint(publicKey) }
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
