import { ApiError } from './api-error.ts'

/** Schemes that run or show something here instead of leading away. */
const stays = /^(?:javascript|data|vbscript|blob|file|about|filesystem|view-source):$/

/** Whether the browser may be sent there: a web address, or an app on this device. */
export function leadsAway(url: string, origin: string): boolean {
  return URL.canParse(url, origin) && !stays.test(new URL(url, origin).protocol)
}

/** Whether an address opens an app on this device, so that this page stays open behind it. */
export function opensApp(url: string): boolean {
  return URL.canParse(url) && !/^https?:$/.test(new URL(url).protocol)
}

/**
 * Sends the browser where the server said. Resolves when the page is still, or again, in front: behind
 * an app, or by the browser's button. Throws for an address that would run here.
 */
export async function leave(url: string): Promise<void> {
  if (!leadsAway(url, location.origin)) throw new ApiError(502, 'bad_address')
  const back = new Promise((resolve) => addEventListener('pageshow', resolve, { once: true }))
  location.assign(url)
  if (!opensApp(url)) await back
}
