import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { ServerProcess } from '../testing/server-process.ts'

/** The account a new server prints once. */
export function firstAccount(server: ServerProcess): { email: string; password: string } {
  const printed = server.output()
  return {
    email: /e-mail\s+(\S+)/.exec(printed)?.[1] ?? '',
    password: /password\s+(\S+)/.exec(printed)?.[1] ?? '',
  }
}

/** What the browser complains about from now on, such as a violated content security policy. */
export function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // The answers of 4xx that a story provokes are reported as errors, too.
    const expected = message.text().startsWith('Failed to load resource')
    if (message.type() === 'error' && !expected) complaints.push(message.text())
  })
  return complaints
}

/**
 * Nothing on the page breaks WCAG 2.2 AA as far as a program can see, and nothing is cut at 360 px.
 * With `SCREENSHOTS=<folder>` it is also photographed, light and dark, small and wide.
 */
export async function checkPage(page: Page, name: string): Promise<void> {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze()
  expect(violations.map(({ id, nodes }) => [name, id, nodes.map((node) => node.html)])).toEqual([])
  const desktop = { width: 1280, height: 900 }
  await page.setViewportSize({ width: 360, height: 740 })
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - window.innerWidth,
  )
  expect([name, Math.max(0, overflow)]).toEqual([name, 0])
  if (process.env['SCREENSHOTS']) await takePictures(page, process.env['SCREENSHOTS'], name)
  await page.setViewportSize(desktop)
}

async function takePictures(page: Page, folder: string, name: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 900 })
      await page.screenshot({
        path: join(folder, `${name}-${colorScheme}-${width}.png`),
        fullPage: true,
      })
    }
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'no-preference' })
}
