import { describe, expect, it } from 'vitest'
import { Changes } from './changes.ts'

describe('changes since a moment', () => {
  it('concern what has a name that changed, and everything when it is not known what did', () => {
    const changes = new Changes()
    changes.add('user 1')
    const { mark } = changes
    expect(changes.concern(['user 1'], mark)).toBe(false)
    changes.add('user 2')
    expect(changes.concern(['user 1'], mark)).toBe(false)
    expect(changes.concern(['user 1', 'user 2'], mark)).toBe(true)
    changes.add(null)
    expect(changes.concern(['user 1'], mark)).toBe(true)
  })

  it('are not forgotten for whoever looks back a little, and assumed for whoever looks back far', () => {
    const changes = new Changes()
    const { mark: early } = changes
    for (let change = 0; change < 10_000; change++) changes.add(`user ${change}`)
    const { mark } = changes
    changes.add('user 1')
    expect(changes.concern(['user 1'], mark)).toBe(true)
    expect(changes.concern(['user 9999'], mark)).toBe(false)
    expect(changes.concern(['nobody'], early)).toBe(true)
  })
})
