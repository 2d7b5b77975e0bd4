import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addVirtualAuthenticator, launchChromium } from './chromium.ts'

let browser: Browser
const site = createServer((_request, response) => {
  response.setHeader('content-type', 'text/html').end('<!doctype html><title>site</title>')
})

beforeAll(async () => {
  browser = await launchChromium()
  await new Promise<void>((resolve) => site.listen(0, 'localhost', resolve))
})

afterAll(async () => {
  await browser.close()
  site.close()
})

/** Counts the dark pixels of what the page paints. */
async function inkOf(page: Page): Promise<number> {
  const png = (await page.screenshot()).toString('base64')
  return page.evaluate(async (source) => {
    const image = new Image()
    image.src = `data:image/png;base64,${source}`
    await image.decode()
    const canvas = new OffscreenCanvas(image.width, image.height)
    const context = canvas.getContext('2d')
    if (!context) throw new Error('no canvas')
    context.drawImage(image, 0, 0)
    const { data } = context.getImageData(0, 0, image.width, image.height)
    return data.filter((value, index) => index % 4 === 0 && value < 128).length
  }, png)
}

it('paints text with a font it brings along', async () => {
  const page = await browser.newPage({ viewport: { width: 400, height: 100 } })
  await page.goto('data:text/html,<body style="margin:0;font:40px sans-serif">')
  expect(await inkOf(page)).toBe(0)

  await page.goto('data:text/html,<body style="margin:0;font:40px sans-serif">iiiiiiii')
  const narrow = await inkOf(page)
  await page.goto('data:text/html,<body style="margin:0;font:40px sans-serif">WWWWWWWW')
  const wide = await inkOf(page)
  // Missing glyphs would all be the same box.
  expect(narrow).toBeGreaterThan(200)
  expect(wide).toBeGreaterThan(narrow * 1.5)
})

it('creates a passkey and signs with it', async () => {
  const page = await browser.newPage()
  await page.goto(`http://localhost:${(site.address() as AddressInfo).port}/`)
  const authenticator = await addVirtualAuthenticator(page)

  const signedIn = await page.evaluate(async () => {
    const challenge = crypto.getRandomValues(new Uint8Array(32))
    await navigator.credentials.create({
      publicKey: {
        challenge,
        rp: { id: 'localhost', name: 'site' },
        user: { id: new Uint8Array([1]), name: 'ada', displayName: 'Ada' },
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      },
    })
    const assertion = await navigator.credentials.get({
      publicKey: { challenge, rpId: 'localhost', userVerification: 'required' },
    })
    return assertion?.type
  })

  expect(signedIn).toBe('public-key')
  expect(await authenticator.credentialCount()).toBe(1)
})
