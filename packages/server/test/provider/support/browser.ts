import { ISSUER } from '../../support/http.ts'
import type { ProviderWorld } from './world.ts'

/** A browser without a screen: it keeps cookies, and follows nothing on its own. */
export class Browser {
  readonly #world: Pick<ProviderWorld, 'handler'>
  readonly cookies = new Map<string, string>()

  constructor(world: Pick<ProviderWorld, 'handler'>) {
    this.#world = world
  }

  /** Sends a request to a path of the origin, or to a whole URL, with what a navigation has. */
  async open(target: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (!headers.has('accept')) headers.set('accept', 'text/html')
    if (this.cookies.size > 0) {
      headers.set('cookie', [...this.cookies].map((pair) => pair.join('=')).join('; '))
    }
    const request = new Request(new URL(target, ISSUER), { ...init, headers, redirect: 'manual' })
    const response = await this.#world.handler(request)
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    return response
  }

  /** Posts JSON as a page of ours does. */
  async post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
    return this.open(`/api/auth${path}`, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        origin: ISSUER,
        ...headers,
      },
      body: JSON.stringify(body),
    })
  }

  #keep(line: string): void {
    const [pair = ''] = line.split(';')
    const name = pair.slice(0, pair.indexOf('='))
    if (/max-age=0(;|$)|expires=thu, 01 jan 1970/i.test(line)) this.cookies.delete(name)
    else this.cookies.set(name, pair.slice(pair.indexOf('=') + 1))
  }
}
