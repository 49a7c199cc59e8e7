import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Tests run from the TypeScript sources of the workspace's packages, with no build in between.
  resolve: { conditions: ['@claude-agent/source'] },
  ssr: { resolve: { conditions: ['@claude-agent/source', 'node', 'import', 'default'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'e2e/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
})
