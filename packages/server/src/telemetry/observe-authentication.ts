import { ProtocolError } from '@countersign/protocol'
import { type Attributes, type Span, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import type { Principal } from '../authenticate/principal.ts'
import { findInstruments, findTracer } from './instruments.ts'
import type { Instruments } from './instruments.ts'
import type { TelemetryOptions } from './options.ts'

type Authenticate = () => Promise<Principal>

/** How one authentication ended: with somebody or nobody, or with an error. */
type Outcome = { readonly principal: Principal } | { readonly error: unknown }

/**
 * Records an authentication as a span and in two metrics, with attributes that name nobody.
 *
 * Without an SDK it calls straight through: two look-ups of a global, and nothing is made.
 */
export function observeAuthentication(
  authenticate: Authenticate,
  options: TelemetryOptions,
): Promise<Principal> {
  const tracer = findTracer()
  const instruments = findInstruments()
  if (!tracer && !instruments) return authenticate()
  const measured = instruments ? () => measure(authenticate, instruments) : authenticate
  return tracer ? traced(measured, { tracer, options }) : measured()
}

async function measure(
  authenticate: Authenticate,
  { authentications, duration }: Instruments,
): Promise<Principal> {
  const start = performance.now()
  const record = (outcome: Outcome) => {
    const attributes = attributesOf(outcome)
    authentications.add(1, attributes)
    duration.record((performance.now() - start) / 1000, attributes)
  }
  try {
    const principal = await authenticate()
    record({ principal })
    return principal
  } catch (error) {
    record({ error })
    throw error
  }
}

function traced(
  authenticate: Authenticate,
  { tracer, options }: { tracer: Tracer; options: TelemetryOptions },
): Promise<Principal> {
  return tracer.startActiveSpan('countersign.authenticate', async (span) => {
    try {
      const principal = await authenticate()
      describe(span, { principal })
      const userId = 'userId' in principal ? principal.userId : null
      if (options.userId && userId !== null) span.setAttribute('user.id', userId)
      return principal
    } catch (error) {
      describe(span, { error })
      throw error
    } finally {
      span.end()
    }
  })
}

function describe(span: Span, outcome: Outcome): void {
  const attributes = attributesOf(outcome)
  span.setAttributes(attributes)
  // A refused caller is no fault of this server. The error itself may hold what nobody should read.
  const isFault = ['unavailable', 'failed'].includes(String(attributes['countersign.outcome']))
  if (isFault) span.setStatus({ code: SpanStatusCode.ERROR })
}

function attributesOf(outcome: Outcome): Attributes {
  if ('principal' in outcome) {
    const { kind, method } = outcome.principal
    return {
      'countersign.method': method,
      'countersign.principal': kind,
      'countersign.outcome': kind === 'anonymous' ? 'anonymous' : 'authenticated',
    }
  }
  const { error } = outcome
  if (!(error instanceof ProtocolError)) {
    return { 'countersign.outcome': 'failed', 'error.type': 'internal_error' }
  }
  const away = error.status === 503
  const refusal = error.status < 500 ? 'refused' : 'failed'
  return { 'countersign.outcome': away ? 'unavailable' : refusal, 'error.type': error.code }
}
