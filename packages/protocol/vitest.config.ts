import { defineProject } from 'vitest/config'

export default defineProject({
  ssr: { resolve: { conditions: ['@countersign/source'] } },
  resolve: { conditions: ['@countersign/source'] },
  test: { name: 'protocol' },
})
