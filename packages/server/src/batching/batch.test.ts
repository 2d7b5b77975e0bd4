import { expect, it, vi } from 'vitest'
import { Batch } from './batch.ts'

type Run = (inputs: readonly number[]) => Promise<readonly number[]>

const settled = (batch: Batch<number, number>, inputs: readonly number[]) =>
  Promise.allSettled(inputs.map((input) => batch.add(input)))

it('tries each alone when one of them fails the others', async () => {
  const run = vi.fn<Run>(async (inputs) => {
    if (inputs.includes(2)) throw new Error('two')
    return inputs
  })
  const outcomes = await settled(new Batch(run), [1, 2, 3])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(run).toHaveBeenCalledTimes(4)
})

it('asks a database that is away once, however many wait', async () => {
  const lost = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
  const run = vi.fn<Run>(async () => Promise.reject(lost))
  const outcomes = await settled(new Batch(run), [1, 2, 3])
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
  expect(run).toHaveBeenCalledTimes(1)
})
