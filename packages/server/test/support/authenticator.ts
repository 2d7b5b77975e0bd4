import { createHash, type KeyObject, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { ISSUER } from './http.ts'
import type { TestPerson, World } from './worlds.ts'

const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04

export interface AssertionOptions {
  readonly challenge: string
  readonly origin?: string
  readonly rpId?: string
  readonly userVerified?: boolean
  readonly type?: string
}

/** A passkey in software: an ES256 key that signs what a browser would hand to it. */
export class Authenticator {
  readonly credentialId = randomBytes(16).toString('base64url')
  readonly #privateKey: KeyObject
  readonly #coseKey: Buffer
  #counter = 0

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
    this.#privateKey = privateKey
    this.#coseKey = coseKey(Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url'))
  }

  /** Stores this passkey as one that the person registered before. */
  async enrol({ adapter }: Pick<World, 'adapter'>, person: TestPerson): Promise<this> {
    await adapter.create({
      model: 'passkey',
      data: {
        name: 'Software',
        publicKey: this.#coseKey.toString('base64'),
        userId: person.id,
        credentialID: this.credentialId,
        counter: 0,
        deviceType: 'singleDevice',
        backedUp: false,
        transports: 'internal',
        createdAt: new Date(),
      },
    })
    return this
  }

  /** What the browser sends after the person touched the sensor (WebAuthn, section 7.2). */
  assert(options: AssertionOptions) {
    const { challenge, origin = ISSUER, rpId = 'localhost', userVerified = true } = options
    const clientDataJSON = Buffer.from(
      JSON.stringify({
        type: options.type ?? 'webauthn.get',
        challenge,
        origin,
        crossOrigin: false,
      }),
    )
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(++this.#counter)
    const flags = USER_PRESENT | (userVerified ? USER_VERIFIED : 0)
    const authenticatorData = Buffer.concat([sha256(rpId), Buffer.of(flags), counter])
    const signed = Buffer.concat([authenticatorData, sha256(clientDataJSON)])
    return {
      id: this.credentialId,
      rawId: this.credentialId,
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: clientDataJSON.toString('base64url'),
        authenticatorData: authenticatorData.toString('base64url'),
        signature: sign('sha256', signed, this.#privateKey).toString('base64url'),
      },
    }
  }
}

/** `{1: 2, 3: -7, -1: 1, -2: x, -3: y}` in CBOR: an ES256 key (RFC 9053, section 7.1.1). */
function coseKey(x: Buffer, y: Buffer): Buffer {
  const head = Buffer.from('a5010203262001215820', 'hex')
  return Buffer.concat([head, x, Buffer.from('225820', 'hex'), y])
}

function sha256(data: string | Buffer): Buffer {
  return createHash('sha256').update(data).digest()
}
