// A process that writes connections as fast as it can. Arguments: file, name, count.
import { encryptedFileStorage } from '@countersign/agent/node'

const [file = '', name = '', count = '0'] = process.argv.slice(2)
const { hosts } = encryptedFileStorage({ file })
for (let index = 0; index < Number(count); index += 1) {
  await hosts.update(`${name}-${index}`, () => ({
    issuer: name,
    provider_name: name,
    description: '',
    public_jwk: { kty: 'OKP', crv: 'Ed25519', x: 'x' },
    private_jwk: { kty: 'OKP', crv: 'Ed25519', x: 'x', d: 'd' },
    created_at: '',
  }))
}
