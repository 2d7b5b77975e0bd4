// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react'
import { StrictMode, type ReactNode } from 'react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import {
  AuthProvider,
  RequireSession,
  useAction,
  useAuth,
  useAuthActions,
  type Auth,
} from '../src/index.ts'

const user = { id: 'u1', name: 'Ada', email: 'ada@example.com', emailVerified: true }
const session = { id: 's1', expiresAt: '2030-01-01T00:00:00.000Z' }
const ada = { user, session }

/** Answers of the server, by path. Each stands until it is replaced. */
let answers: Record<string, () => Response | Promise<Response>>
let asked: string[]
beforeEach(() => {
  asked = []
  answers = { '/get-session': () => Response.json(ada), '/sign-out': () => Response.json({}) }
  vi.stubGlobal('fetch', async (url: string) => {
    const path = url.replace('/api/auth', '')
    asked.push(path)
    return answers[path]?.() ?? new Response(null, { status: 404 })
  })
})
afterEach(() => {
  cleanup()
  vi.unstubAllGlobals()
})

const seen: Auth[] = []
function Watch() {
  const auth = useAuth()
  seen.push(auth)
  return (
    <p>
      {auth.status} {auth.user?.name}
    </p>
  )
}

function show(children: ReactNode, props: { initialSession?: object | null } = {}) {
  seen.length = 0
  return render(
    <StrictMode>
      <AuthProvider {...props}>
        <Watch />
        <Watch />
        {children}
      </AuthProvider>
    </StrictMode>,
  )
}

const latest = (): Auth => {
  const auth = seen.at(-1)
  if (!auth) throw new Error('nothing rendered')
  return auth
}

it('S67 makes one request for all consumers, also in strict mode', async () => {
  show(null)
  expect(latest().status).toBe('loading')
  await waitFor(() => expect(latest().status).toBe('signed-in'))
  expect(asked).toEqual(['/get-session'])
  expect(new Set(seen.map(({ status }) => status))).toEqual(new Set(['loading', 'signed-in']))
})

it('S67 trusts what the server rendered with, and asks nothing', async () => {
  show(null, { initialSession: ada })
  expect(new Set(seen.map(({ status }) => status))).toEqual(new Set(['signed-in']))
  cleanup()
  show(null, { initialSession: null })
  expect(new Set(seen.map(({ status }) => status))).toEqual(new Set(['signed-out']))
  expect(asked).toEqual([])
})

it('S67 shares one request among those that refresh together', async () => {
  show(null, { initialSession: ada })
  const before = latest()
  await act(async () => {
    await Promise.all(Array.from({ length: 20 }, () => latest().refresh()))
  })
  expect(asked).toEqual(['/get-session'])
  // Nothing is new, so nothing rendered.
  expect(latest()).toBe(before)
})

it('S67 does not let an answer from before sign-out sign in again', async () => {
  const held = withResolvers<Response>()
  show(null, { initialSession: ada })
  answers['/get-session'] = () => held.promise
  let refreshed: Promise<unknown> = Promise.resolve()
  act(() => {
    refreshed = latest().refresh()
  })
  await act(() => latest().signOut())
  expect(latest().status).toBe('signed-out')
  answers['/get-session'] = () => Response.json(null)
  await act(async () => {
    held.resolve(Response.json(ada))
    await refreshed
  })
  expect(asked).toEqual(['/get-session', '/sign-out', '/get-session'])
  expect(seen.slice(-2).map(({ status }) => status)).toEqual(['signed-out', 'signed-out'])
})

it('S67 stays signed in, and says so, when sign-out does not reach the server', async () => {
  answers['/sign-out'] = () => new Response(null, { status: 503 })
  show(null, { initialSession: ada })
  await act(() => expect(latest().signOut()).rejects.toMatchObject({ status: 503 }))
  expect(latest().status).toBe('signed-in')
})

it.each([
  ['503', () => new Response(null, { status: 503 })],
  ['429', () => new Response(null, { status: 429, headers: { 'retry-after': '60' } })],
  ['404', () => new Response('no such page', { status: 404 })],
  ['a page instead of JSON', () => new Response('<!doctype html>')],
  ['something else', () => Response.json({ ok: true })],
  ['no network', () => Promise.reject(new TypeError('Failed to fetch'))],
])('S67 takes %s for a server that is away, not for signed out', async (_, answer) => {
  show(null, { initialSession: ada })
  answers['/get-session'] = answer
  await act(() => latest().refresh())
  expect(latest()).toMatchObject({ status: 'unavailable', user: { id: 'u1' } })
})

it('S67 asks again on focus, but not within the floor', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    show(null, { initialSession: ada })
    const come = () => act(async () => void window.dispatchEvent(new Event('focus')))
    await come()
    expect(asked).toEqual([])
    vi.setSystemTime(Date.now() + 31_000)
    await come()
    await come()
    expect(asked).toEqual(['/get-session'])
  } finally {
    vi.useRealTimers()
  }
})

it('S67 mounts nothing private before the session is known, and redirects once', async () => {
  const effects: string[] = []
  function Private() {
    effects.push('mounted')
    return <p>secret</p>
  }
  const navigate = vi.fn<(path: string) => void>()
  answers['/get-session'] = () => Response.json(null)
  const tree = (
    <RequireSession navigate={navigate} fallback={<p>wait</p>}>
      <Private />
    </RequireSession>
  )
  show(tree)
  expect(screen.queryByText('wait')).not.toBeNull()
  await waitFor(() => expect(navigate).toHaveBeenCalled())
  await act(() => latest().refresh())
  expect(navigate.mock.calls).toEqual([['/sign-in?return=%2F']])
  expect(effects).toEqual([])
})

it('S67 renders a call to sign in in place when asked to, and goes nowhere', async () => {
  const navigate = vi.fn<(path: string) => void>()
  const gate = (
    <RequireSession navigate={navigate} signedOut={<p>please sign in</p>}>
      <p>secret</p>
    </RequireSession>
  )
  show(gate, { initialSession: null })
  expect(screen.queryByText('please sign in')).not.toBeNull()
  expect(navigate).not.toHaveBeenCalled()
})

it('S67 runs an action of a form of your own once at a time', async () => {
  answers['/sign-in/email'] = () => Response.json({ token: 't' })
  function Own() {
    const { signInWithPassword } = useAuthActions()
    const { run, pending, error } = useAction(signInWithPassword)
    const go = () => void run({ email: ' ada@example.com ', password: 'correct horse' })
    return (
      <button type="button" onClick={go}>
        {pending ? 'busy' : (error?.code ?? 'go')}
      </button>
    )
  }
  show(<Own />, { initialSession: null })
  const press = screen.getByRole('button')
  for (let count = 0; count < 5; count += 1) fireEvent.click(press)
  await waitFor(() => expect(latest().status).toBe('signed-in'))
  expect(asked).toEqual(['/sign-in/email', '/get-session'])
})

it('S67 names the mistake when there is no provider', () => {
  const quiet = vi.spyOn(console, 'error').mockImplementation(() => {})
  expect(() => render(<Watch />)).toThrow('AuthProvider')
  quiet.mockRestore()
})

function withResolvers<T>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
