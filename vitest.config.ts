import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Tests run from the TypeScript sources of the workspace's packages, with no build in between.
  resolve: { conditions: ['@claude-agent/source'] },
  ssr: { resolve: { conditions: ['@claude-agent/source', 'node', 'import', 'default'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'e2e/**/*.test.ts'],
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // One more than the cores of a small machine: tests wait for processes that they have started.
    maxWorkers: 3,
  },
})
