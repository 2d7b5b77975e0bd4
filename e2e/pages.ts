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

/** How long, in milliseconds, something may take that does come on a busy machine. */
export const patience = 30_000

/** The button with exactly this name. */
export const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

/** The field with exactly this label: others have it as a part of theirs. */
export const field = (page: Page, label: string) => page.getByLabel(label, { exact: true })

/**
 * Follows a link of the console and waits for the page behind it. Until that has come the old page
 * stands, and a field of the same name there would take what is meant for the new one.
 */
export async function follow(
  page: Page,
  link: string | RegExp,
  heading: string | RegExp,
): Promise<void> {
  await page.getByRole('link', { name: link, exact: true }).click()
  await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
}

/** Signs out, and waits until the server has done it and the page of sign-in stands. */
export async function signOut(page: Page): Promise<void> {
  await button(page, 'Sign out').click()
  await page.getByRole('heading', { level: 1, name: 'Sign in', exact: true }).waitFor()
}

/** Presses what opens a dialog and what confirms it, and waits until the dialog is gone. */
export async function confirm(page: Page, trigger: string, confirmation: string): Promise<void> {
  await button(page, trigger).click()
  const dialog = page.getByRole('alertdialog')
  await dialog.getByRole('button', { name: confirmation, exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
}

/**
 * Nothing on the page breaks WCAG 2.2 AA as far as a program can see, and nothing is cut at 360 px.
 * With `SCREENSHOTS=<folder>` it is also photographed, light and dark, small and wide.
 */
export async function checkPage(page: Page, name: string): Promise<void> {
  // A colour on its way to another one has a contrast that nobody chose.
  await page.emulateMedia({ reducedMotion: 'reduce' })
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
  await page.emulateMedia({ reducedMotion: 'no-preference' })
}

async function takePictures(page: Page, folder: string, name: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 900 })
      await page.screenshot({
        path: join(folder, `${name}-${colorScheme}-${width}.png`),
        fullPage: true,
      })
    }
  }
  await page.emulateMedia({ colorScheme: 'light' })
}
