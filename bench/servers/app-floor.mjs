import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { obeyParent, sayListening } from './parent.mjs'

/**
 * What no session check can do without: HTTP, the HMAC of a cookie, and a look-up in memory.
 * It asks no database and notices nothing that changes.
 */
const secret = randomBytes(32)
const sessions = new Map()
const sign = (token) => createHmac('sha256', secret).update(token).digest('base64')

const server = createServer((request, response) => {
  if (request.url === '/session') {
    const token = randomBytes(24).toString('base64url')
    const now = new Date().toISOString()
    sessions.set(token, {
      session: { id: token, token, userId: 'u', createdAt: now, updatedAt: now, expiresAt: now },
      user: { id: 'u', name: 'Person', email: 'p@example.com', createdAt: now, updatedAt: now },
    })
    return answer(response, { cookie: `s=${encodeURIComponent(`${token}.${sign(token)}`)}` })
  }
  const [token, signature] = decodeURIComponent(request.headers.cookie.slice(2)).split('.')
  const isSigned = timingSafeEqual(Buffer.from(sign(token)), Buffer.from(signature))
  answer(response, isSigned ? sessions.get(token) : null)
})
server.keepAliveTimeout = 120_000
server.listen(Number(process.env.PORT), '127.0.0.1', sayListening)

function answer(response, body) {
  const text = JSON.stringify(body)
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

obeyParent()
