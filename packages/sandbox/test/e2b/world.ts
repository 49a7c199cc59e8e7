import { onTestFinished } from 'vitest'
import type { E2bDouble, E2bDoubleOptions } from '../../../../e2e/doubles/e2b/double.ts'
import { e2b, type E2bOptions } from '../../src/e2b/e2b.ts'
import type { SandboxProvider } from '../../src/provider.ts'
import { openDouble } from './engine.ts'

export const SECRET = 'sk-ant-of-a-test'

/** A provider on a double with a stub of the server; both are gone after the test. */
export async function openProvider(
  options: E2bDoubleOptions = {},
  provider: E2bOptions = {},
): Promise<{ double: E2bDouble; provider: SandboxProvider }> {
  const { double, close } = await openDouble(options, { server: 'stub' })
  onTestFinished(close)
  return { double, provider: e2b({ ...double.connection, watchMs: 50, ...provider }) }
}
