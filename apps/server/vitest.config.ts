import { defineProject } from 'vitest/config'

export default defineProject({
  // Workspace packages are read from src; the server processes of the tests run the build.
  resolve: { conditions: ['@countersign/source'] },
  ssr: { resolve: { conditions: ['@countersign/source'] } },
  test: {
    name: 'app',
    include: ['**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
