import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig, type TestProjectConfiguration } from 'vitest/config'

/** Folders that hold tests, and the name `--project` knows each by. */
const folders = {
  protocol: 'packages/protocol',
  server: 'packages/server',
  agent: 'packages/agent',
  resource: 'packages/resource',
  client: 'packages/client',
  react: 'packages/react',
  cli: 'packages/cli',
  bank: 'apps/bank',
  app: 'apps/server',
  console: 'apps/console',
  testing: 'testing',
  e2e: 'e2e',
  examples: 'examples',
}

/** A folder with a Vitest configuration of its own runs with that one, the others with this one. */
function project(name: string, folder: string): TestProjectConfiguration {
  const root = fileURLToPath(new URL(folder, import.meta.url))
  if (existsSync(`${root}/vitest.config.ts`)) return `${folder}/vitest.config.ts`
  const slow = ['e2e', 'examples', 'testing'].includes(name)
  return {
    // Workspace packages are read from src, so tests need no build.
    resolve: { conditions: ['@countersign/source'] },
    ssr: { resolve: { conditions: ['@countersign/source'] } },
    root,
    test: {
      name,
      include: ['**/*.test.{ts,tsx}'],
      // Polling ends as soon as the value is right; by itself it gives a busy machine one second.
      expect: { poll: { timeout: slow ? 30_000 : 10_000 } },
      testTimeout: slow ? 300_000 : 30_000,
      // The first database of a run starts PostgreSQL.
      hookTimeout: slow ? 300_000 : 60_000,
    },
  }
}

export default defineConfig({
  test: {
    // Much of a test's time is waiting for PostgreSQL, a browser or another process: one core is shared.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Stand here and in no project: one temporary folder and one PostgreSQL serve the whole run.
    globalSetup: [
      './testing/temporary-folder-global-setup.ts',
      './testing/postgres-global-setup.ts',
    ],
    projects: Object.entries(folders).map(([name, folder]) => project(name, folder)),
  },
})
