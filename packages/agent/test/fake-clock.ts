import type { Clock } from '../src/clock.ts'

/** A clock that never waits: sleeping moves it, and `onSleep` says what happens meanwhile. */
export class FakeClock implements Clock {
  readonly sleeps: number[] = []
  onSleep: (count: number) => void = () => undefined
  #now = Date.now()

  now(): number {
    return this.#now
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.sleeps.push(milliseconds)
    this.#now += milliseconds
    this.onSleep(this.sleeps.length)
    signal?.throwIfAborted()
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds
  }
}
