import { createHash, timingSafeEqual } from 'node:crypto'
import { ProtocolError } from '@countersign/protocol'
import { bearerToken } from '../credential.ts'
import { challengeOf, type RouteRequest } from '../http.ts'
import { tellRefusal } from './refusal.ts'

/** Lets in resource servers alone: those with one of the `introspectionSecrets`. */
export async function requireSecret({ context, headers, address }: RouteRequest): Promise<void> {
  const presented = bearerToken(headers)
  const known = context.options.introspectionSecrets
  if (presented && known.some((secret) => isSame(secret, presented))) return
  await context.limits.countExactly('introspection', address())
  await tellRefusal(context, 'authentication_required')
  const message = 'Introspection takes `Authorization: Bearer <introspection secret>`.'
  throw new ProtocolError('authentication_required', {
    message,
    headers: { 'www-authenticate': `Bearer, ${challengeOf(context)}` },
  })
}

function isSame(secret: string, presented: string): boolean {
  const [a, b] = [secret, presented].map((text) => createHash('sha256').update(text).digest())
  return a !== undefined && b !== undefined && timingSafeEqual(a, b)
}
