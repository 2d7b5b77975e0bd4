import { defineProject } from 'vitest/config'

export default defineProject({
  ssr: { resolve: { conditions: ['@countersign/source'] } },
  resolve: { conditions: ['@countersign/source'] },
  // Ten thousand cases take longer on a busy machine.
  test: { name: 'protocol', testTimeout: 30_000 },
})
