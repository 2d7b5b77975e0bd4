export const baseURL = 'http://localhost:4100'
export const secret = 'Vn3x8Qp2Lr7Zt5Yw1Kd9Hs4Jb6Mc0Fg!'

interface Handles {
  handler(request: Request): Promise<Response>
}

/** POSTs JSON from a page of the server; a header of `null` is left out. */
export function post(
  auth: Handles,
  path: string,
  body: unknown,
  headers: Record<string, string | null> = {},
): Promise<Response> {
  const all: Record<string, string | null> = {
    'content-type': 'application/json',
    origin: baseURL,
    // Each caller its own address, so that limits of one test do not stop another.
    'x-countersign-client-address': `10.${random()}.${random()}.${random()}`,
    ...headers,
  }
  const sent = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null)
  return auth.handler(
    new Request(`${baseURL}/api/auth${path}`, {
      method: 'POST',
      headers: sent,
      body: JSON.stringify(body),
    }),
  )
}

/** Creates an account and returns its session cookie. */
export async function signUp(auth: Handles, email: string) {
  const response = await post(auth, '/sign-up/email', {
    name: email,
    email,
    password: 'correct horse',
  })
  if (response.status !== 200)
    throw new Error(`sign-up: ${response.status} ${await response.text()}`)
  const setCookie = response.headers.get('set-cookie') ?? ''
  const { user } = (await response.json()) as { user: { id: string } }
  return { setCookie, cookie: setCookie.split(';')[0] ?? '', userId: user.id }
}

function random(): number {
  return Math.floor(Math.random() * 256)
}
