import { createNoopMeter, metrics, trace } from '@opentelemetry/api'
import type {
  Counter,
  Histogram,
  MeterProvider,
  ProxyTracerProvider,
  Tracer,
} from '@opentelemetry/api'

const scope = '@countersign/server'
const noopMeter = createNoopMeter().constructor

/** What is counted and measured of every authentication. */
export interface Instruments {
  readonly authentications: Counter
  /** In seconds. */
  readonly duration: Histogram
}

const made = new WeakMap<MeterProvider, Instruments | null>()

/** The tracer of the registered SDK; undefined without one, and then nothing is to be done. */
export function findTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider()
  // The API hands out a stand-in that knows whether an SDK has come.
  if (!('getDelegateTracer' in provider)) return provider.getTracer(scope)
  return (provider as ProxyTracerProvider).getDelegateTracer(scope)
}

/** The instruments of the registered SDK; null without one. An SDK may come late. */
export function findInstruments(): Instruments | null {
  const provider = metrics.getMeterProvider()
  const known = made.get(provider)
  if (known !== undefined) return known
  const instruments = makeInstruments(provider)
  made.set(provider, instruments)
  return instruments
}

function makeInstruments(provider: MeterProvider): Instruments | null {
  const meter = provider.getMeter(scope)
  if (meter instanceof noopMeter) return null
  return {
    authentications: meter.createCounter('countersign.authentications', {
      description: 'Requests whose caller was asked for.',
      unit: '{authentication}',
    }),
    duration: meter.createHistogram('countersign.authentication.duration', {
      description: 'How long it took to say who calls.',
      unit: 's',
      advice: {
        explicitBucketBoundaries: [
          0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
        ],
      },
    }),
  }
}
