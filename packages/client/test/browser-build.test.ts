import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { describe, expect, it } from 'vitest'

const entry = fileURLToPath(new URL('app.ts', import.meta.url))

/** Builds an app of one file, which exists in memory only. */
async function build(code: string, conditions: readonly string[]): Promise<string> {
  const bundle = await rolldown({
    input: entry,
    logLevel: 'silent',
    platform: conditions.includes('browser') ? 'browser' : 'node',
    resolve: { conditionNames: [...conditions, '@countersign/source', 'import', 'default'] },
    plugins: [
      {
        name: 'app',
        load: (id) => (id === entry ? code : null),
        resolveId: (id) => (id === entry ? entry : null),
      },
    ],
  })
  const { output } = await bundle.generate({ format: 'esm' })
  return output[0].code
}

const page = `import { createSignIn } from '@countersign/client'
  createSignIn({ clientSecret: 'cs_cs_secret' })`

describe('O27 a client secret never gets into a browser', () => {
  it('fails the build of a page that signs people in with a secret', async () => {
    await expect(build(page, ['browser'])).rejects.toThrow(/createSignIn/)
    for (const name of ['exchangeToken', 'refreshToken', 'KeyValueTokenStorage']) {
      const code = `import { ${name} } from '@countersign/client'; console.log(${name})`
      await expect(build(code, ['browser'])).rejects.toThrow(new RegExp(name))
    }
  })

  it.each([['node'], ['workerd', 'browser'], ['edge-light', 'browser']])(
    'builds the same for a server: %s',
    async (...conditions) => {
      expect(await build(page, conditions)).toContain('createSignIn')
    },
  )
})
