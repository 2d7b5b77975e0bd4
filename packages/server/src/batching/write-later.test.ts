import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { WriteLater } from './write-later.ts'

type Write = (values: ReadonlyMap<string, number>) => Promise<void>

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** Collects with writes that are written down; each goes on when `open` is called. */
function collect({ delay, gated = false }: { delay?: number; gated?: boolean } = {}) {
  const writes: [string, number][][] = []
  const gates: (() => void)[] = []
  const errors: unknown[] = []
  const write: Write = async (values) => {
    writes.push([...values])
    if (values.has('bad')) throw new Error('bad')
    if (gated) await new Promise<void>((resolve) => gates.push(resolve))
  }
  const later = new WriteLater<number>({
    write,
    onError: (error) => errors.push(error),
    ...(delay !== undefined && { delay }),
  })
  return { later, writes, errors, open: () => gates.shift()?.() }
}

it('writes what was collected in one go, a moment later, the last value of each key', async () => {
  const { later, writes } = collect()
  later.set('a', 1)
  later.set('b', 2)
  later.set('a', 3)
  expect(later.get('a')).toBe(3)
  await vi.advanceTimersByTimeAsync(999)
  expect(writes).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(writes).toEqual([
    [
      ['a', 3],
      ['b', 2],
    ],
  ])
  expect(later.get('a')).toBeUndefined()
  later.set('a', 4)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(writes[1]).toEqual([['a', 4]])
})

it('waits as long as it is told to, and not at all when asked', async () => {
  const { later, writes } = collect({ delay: 50 })
  later.set('a', 1)
  await vi.advanceTimersByTimeAsync(50)
  later.set('b', 2)
  await later.flush()
  await later.flush()
  expect(writes).toEqual([[['a', 1]], [['b', 2]]])
  expect(vi.getTimerCount()).toBe(0)
})

it('writes at once when 2,000 wait, and never more together', async () => {
  const { later, writes, open } = collect({ gated: true })
  for (let key = 0; key < 4_500; key += 1) later.set(String(key), key)
  for (let turn = 0; turn < 3; turn += 1) {
    await vi.advanceTimersByTimeAsync(0)
    open()
  }
  await vi.advanceTimersByTimeAsync(0)
  expect(writes.map(({ length }) => length)).toEqual([2_000, 2_000, 500])
})

it('writes one after the other, and whoever asks meanwhile shares the next write', async () => {
  const { later, writes, open } = collect({ gated: true })
  later.set('a', 1)
  const first = later.flush()
  await vi.advanceTimersByTimeAsync(0)
  later.set('b', 2)
  const second = later.flush()
  later.set('c', 3)
  const third = later.flush()
  await vi.advanceTimersByTimeAsync(0)
  expect(writes).toEqual([[['a', 1]]])
  open()
  await first
  await vi.advanceTimersByTimeAsync(0)
  expect(writes[1]).toEqual([
    ['b', 2],
    ['c', 3],
  ])
  open()
  await Promise.all([second, third])
  expect(writes).toHaveLength(2)
})

it('resolves only when the write under way is done', async () => {
  const { later, open } = collect({ gated: true })
  later.set('a', 1)
  await vi.advanceTimersByTimeAsync(1_000)
  let done = false
  const flushed = later.flush().then(() => (done = true))
  await vi.advanceTimersByTimeAsync(10_000)
  expect(done).toBe(false)
  open()
  await flushed
})

it('reports a failure, which loses only what was written then', async () => {
  const { later, writes, errors } = collect()
  later.set('bad', 1)
  await later.flush()
  expect(errors).toEqual([new Error('bad')])
  later.set('good', 2)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(writes[1]).toEqual([['good', 2]])
  expect(errors).toHaveLength(1)
})
