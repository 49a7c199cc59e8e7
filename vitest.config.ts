import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { LONG } from './scripts/long.mjs'

/** Tests that put another module in the place of one; they get their modules for themselves. */
const WITH_MOCKS = ['packages/client/test/session-web.test.ts', 'packages/client/test/web-client.test.ts']

const exclude = [...configDefaults.exclude, ...(process.env['TESTS'] === 'all' ? [] : LONG)]

/** What waits more than it works comes first, so that it has not to be waited for at the end. */
class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const waits = ({ moduleId }: TestSpecification): boolean => moduleId.includes('/test/contract/')
    const sorted = await super.sort(files)
    return [...sorted.filter(waits), ...sorted.filter((file) => !waits(file))]
  }
}

export default defineConfig({
  // Tests run from the TypeScript sources of the workspace's packages, with no build in between.
  resolve: { conditions: ['@claude-agent/source'] },
  ssr: { resolve: { conditions: ['@claude-agent/source', 'node', 'import', 'default'] } },
  test: {
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // One more than the cores of a small machine: tests wait for processes that they have started.
    maxWorkers: 3,
    sequence: { sequencer: WaitingFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['packages/*/test/**/*.test.ts', 'e2e/**/*.test.ts'],
          exclude: [...exclude, ...WITH_MOCKS],
          // Files share their modules, which are loaded once per worker: a third of the time of a file.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'with mocks', include: WITH_MOCKS, exclude } },
    ],
  },
})
