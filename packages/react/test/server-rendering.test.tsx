import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderToString } from 'react-dom/server'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { App } from './support/app.tsx'

const ada = {
  user: { id: 'u1', name: 'Ada', email: 'ada@example.com' },
  session: { id: 's1', expiresAt: new Date(0) },
}
const pages = [
  '/sign-in',
  '/sign-up',
  '/forgot-password',
  '/reset-password',
  '/verify-email',
  '/account',
]

it.each(pages)('S67 renders %s on a server, without a window', (url) => {
  expect('window' in globalThis).toBe(false)
  expect(renderToString(<App url={url} />)).toContain('loading')
  expect(renderToString(<App url={url} initialSession={ada} />)).toContain('signed-in')
  expect(renderToString(<App url={url} initialSession={null} />)).toContain('signed-out')
})

const source = new URL('../src/', import.meta.url).pathname
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => /(?<!\.test)\.tsx?$/.test(file))
  .map((file) => [file, readFileSync(join(source, file), 'utf8')] as const)

it.each(files)('S67 marks %s for the client if it needs one, also once compiled', (_, text) => {
  const needsClient = /\b(use[A-Z]\w+|createContext)\(/.test(text)
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { module: ts.ModuleKind.ESNext, jsx: ts.JsxEmit.ReactJSX },
  })
  expect([needsClient, /^['"]use client['"]/.test(outputText)]).not.toEqual([true, false])
})

it('S67 leaves what servers call free of the client', () => {
  const marked = files.filter(([, text]) => text.startsWith("'use client'")).map(([file]) => file)
  expect(marked).not.toContain('index.ts')
  expect(marked).not.toContain(join('store', 'session.ts'))
})
