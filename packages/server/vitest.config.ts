import { defineProject } from 'vitest/config'

export default defineProject({
  // Workspace packages are read from src, so tests need no build.
  resolve: { conditions: ['@countersign/source'] },
  ssr: { resolve: { conditions: ['@countersign/source'] } },
  test: {
    name: 'server',
    include: ['**/*.test.ts'],
    // The embedded database and the first PostgreSQL of a run take seconds to start.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
