import { createServer } from 'node:http'
import { createVerifySignature } from '../../packages/server/dist/agent-auth/verify-signature.js'
import { obeyParent, sayListening } from './parent.mjs'

/**
 * What no server can do without: HTTP, and one signature check with the library that Countersign
 * uses. It looks nothing up, remembers nothing and writes nothing.
 */
const verify = createVerifySignature()
const keys = new Map()

const server = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8')
  request.on('data', (chunk) => (body += chunk))
  request.on('end', () => {
    if (request.url === '/key') {
      const { agentId, jwk } = JSON.parse(body)
      keys.set(agentId, jwk)
      return answer(response, 200, { stored: true })
    }
    const isSigned = verifyJwt(request.headers.authorization.slice('Bearer '.length))
    JSON.parse(body)
    answer(response, isSigned ? 200 : 401, isSigned ? { data: 'pong' } : { error: 'invalid_jwt' })
  })
})
server.keepAliveTimeout = 120_000
server.listen(Number(process.env.PORT), '127.0.0.1', sayListening)

function verifyJwt(jwt) {
  const [header, payload, signature] = jwt.split('.')
  const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const data = Buffer.from(`${header}.${payload}`)
  return verify(keys.get(sub), Buffer.from(signature, 'base64url'), data)
}

function answer(response, status, body) {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

obeyParent()
