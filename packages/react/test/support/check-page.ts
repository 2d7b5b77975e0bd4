import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const wide = { width: 1280, height: 900 }

/**
 * Nothing on the page breaks WCAG 2.2 AA as far as a program can see, light and dark, and nothing is
 * cut at 360 px. With `SCREENSHOTS=<folder>` it is also photographed.
 */
export async function checkPage(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const axe = new AxeBuilder({ page })
    // Only colours differ in the dark.
    if (colorScheme === 'light') axe.withTags(tags)
    else axe.withRules(['color-contrast'])
    const { violations } = await axe.analyze()
    const found = violations.map(({ id, nodes }) => [
      name,
      colorScheme,
      id,
      nodes.map((n) => n.html),
    ])
    expect(found).toEqual([])
    await photograph(page, `${name}-${colorScheme}`)
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await page.setViewportSize({ width: 360, height: 740 })
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - window.innerWidth,
  )
  expect([name, Math.max(0, overflow)]).toEqual([name, 0])
  await photograph(page, `${name}-360`)
  await page.setViewportSize(wide)
  await page.emulateMedia({ reducedMotion: 'no-preference' })
}

async function photograph(page: Page, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS']
  if (!folder) return
  await mkdir(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}

/** What the browser complains about from now on, such as a hydration that does not match. */
export function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // The answers of 4xx and 5xx that a test provokes are reported as errors, too.
    const expected = message.text().startsWith('Failed to load resource')
    if (['error', 'warning'].includes(message.type()) && !expected) complaints.push(message.text())
  })
  return complaints
}
