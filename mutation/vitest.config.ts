import { defineConfig } from 'vitest/config'

/** The tests that mutants are run against: those beside the mutated files. */
export default defineConfig({
  resolve: { conditions: ['@countersign/source'] },
  ssr: { resolve: { conditions: ['@countersign/source'] } },
  test: {
    // Mutants run slowly, and a test that is cut off would count as one that found something.
    testTimeout: 300_000,
    setupFiles: ['./mutation/setup.ts'],
    include: [
      'packages/protocol/src/constraint*.test.ts',
      'packages/server/src/agent-auth/domain/*.test.ts',
    ],
  },
})
