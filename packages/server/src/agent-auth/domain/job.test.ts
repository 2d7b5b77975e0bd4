import { describe, expect, it } from 'vitest'
import { type Job, jobState, nextPoll } from './job.ts'

const now = Date.parse('2026-01-01T00:00:00Z')
const at = (seconds: number) => new Date(now + seconds * 1000)

function job(more: Partial<Job> = {}): Job {
  return {
    id: 'job_1',
    agentId: 'agt_1',
    capability: 'report',
    status: 'pending',
    result: null,
    error: null,
    aliveAt: at(0),
    expiresAt: at(3600),
    createdAt: at(-5),
    updatedAt: at(-5),
    ...more,
  }
}

describe('the state of a job', () => {
  it.each([
    ['is pending while its process says so', {}, 'pending'],
    ['is pending until the lease is over', { aliveAt: at(-29.9) }, 'pending'],
    ['is lost when its process fell silent', { aliveAt: at(-30) }, 'lost'],
    [
      'stays completed whatever became of the process',
      { status: 'completed', aliveAt: at(-99) },
      'completed',
    ],
    ['stays failed', { status: 'failed', aliveAt: at(-99) }, 'failed'],
    ['is gone when it expires now', { status: 'completed', expiresAt: at(0) }, 'gone'],
    ['is gone also when it never ended', { expiresAt: at(-1) }, 'gone'],
  ] as const)('%s', (_title, more, state) => {
    expect(jobState(job(more), now)).toBe(state)
  })

  it.each([
    [0, 1],
    [0.2, 1],
    [2, 2],
    [10, 10],
    [31, 30],
    [86_400, 30],
    [-3, 1],
  ])('after %s seconds the next poll is in %s', (age, seconds) => {
    expect(nextPoll({ createdAt: at(-age) }, now)).toBe(seconds)
  })
})
