import { configDefaults, defineConfig } from 'vitest/config'
import { LONG } from './scripts/long.mjs'

export default defineConfig({
  // Tests run from the TypeScript sources of the workspace's packages, with no build in between.
  resolve: { conditions: ['@claude-agent/source'] },
  ssr: { resolve: { conditions: ['@claude-agent/source', 'node', 'import', 'default'] } },
  test: {
    exclude: [...configDefaults.exclude, ...(process.env['TESTS'] === 'all' ? [] : LONG)],
    include: ['packages/*/test/**/*.test.ts', 'e2e/**/*.test.ts'],
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // One more than the cores of a small machine: tests wait for processes that they have started.
    maxWorkers: 3,
  },
})
