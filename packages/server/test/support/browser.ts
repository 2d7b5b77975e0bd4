import { baseURL } from './auth.ts'

interface Handles {
  handler(request: Request): Promise<Response>
}

/** A browser without a screen: it keeps cookies by origin and follows redirects. */
export class Browser {
  readonly #auth: Handles
  readonly #jars = new Map<string, Map<string, string>>()

  constructor(auth: Handles) {
    this.#auth = auth
  }

  /** The cookies it would send to an origin. */
  cookies(origin = baseURL): Map<string, string> {
    const jar = this.#jars.get(origin) ?? new Map<string, string>()
    this.#jars.set(origin, jar)
    return jar
  }

  /** Sends one request, without following. */
  async send(url: string, init: RequestInit = {}): Promise<Response> {
    const target = new URL(url, baseURL)
    const jar = this.cookies(target.origin)
    const headers = new Headers(init.headers)
    if (jar.size > 0) headers.set('cookie', [...jar].map((pair) => pair.join('=')).join('; '))
    const isOurs = target.origin === baseURL
    const request = new Request(target, { ...init, headers, redirect: 'manual' })
    const response = isOurs
      ? await this.#auth.handler(request)
      : await fetch(target, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) keep(jar, line)
    return response
  }

  /** Posts JSON to an endpoint, as a page of ours does. */
  post(path: string, body: object): Promise<Response> {
    return this.send(`/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: baseURL },
      body: JSON.stringify(body),
    })
  }

  /** Follows redirects until a page of ours, or `stop`, would be opened, and returns its URL. */
  async follow(start: string, stop: (url: URL) => boolean = () => false): Promise<URL> {
    let url = new URL(start, baseURL)
    for (let hop = 0; hop < 20; hop += 1) {
      const isPage = url.origin === baseURL && !url.pathname.startsWith('/api/auth/')
      if (isPage || stop(url) || url.pathname === '/api/auth/error') return url
      const response = await this.send(url.href)
      const location = response.headers.get('location')
      if (!location) throw new Error(`${url.href}: ${response.status} ${await response.text()}`)
      url = new URL(location, url)
    }
    throw new Error(`too many redirects: ${url.href}`)
  }

  /** Starts a flow and returns where the provider is. */
  async start(provider: string, person: string, path = '/sign-in/social'): Promise<string> {
    const response = await this.post(path, {
      provider,
      loginHint: person,
      callbackURL: '/welcome',
      errorCallbackURL: '/failed',
    })
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
    const { url } = (await response.json()) as { url: string }
    return url
  }

  /** Goes through a whole flow: `/welcome`, or `/failed` with the error. */
  async signIn(provider: string, person: string, path?: string): Promise<string> {
    const { pathname, search } = await this.follow(await this.start(provider, person, path))
    return pathname + search
  }

  /** Goes to the provider and back, and returns the callback without opening it. */
  async callbackOf(provider: string, person: string): Promise<string> {
    const start = await this.start(provider, person)
    const url = await this.follow(start, ({ pathname }) => pathname.includes('/callback/'))
    return url.href
  }

  /** Who is signed in. */
  async me(): Promise<{ id: string; email: string; emailVerified: boolean } | null> {
    const response = await this.send('/api/auth/get-session')
    const body = (await response.json()) as {
      user: { id: string; email: string; emailVerified: boolean }
    } | null
    return body?.user ?? null
  }
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = ''] = line.split(';')
  const name = pair.slice(0, pair.indexOf('='))
  const isOver = /max-age=0(;|$)|expires=thu, 01 jan 1970/i.test(line)
  if (isOver) jar.delete(name)
  else jar.set(name, pair.slice(pair.indexOf('=') + 1))
}
