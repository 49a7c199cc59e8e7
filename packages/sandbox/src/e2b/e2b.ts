import type { SandboxProvider } from '../provider.ts'
import { readE2bOptions, type E2bOptions } from './e2b-options.ts'
import { E2bProvider } from './e2b-provider.ts'

export type { E2bOptions } from './e2b-options.ts'

/**
 * Sandboxes on E2B, or on a server that speaks as it does. Needs the package `e2b` (2.45 or later), and a template that
 * `npm run build:e2b` has built.
 */
export function e2b(options: E2bOptions = {}): SandboxProvider {
  return new E2bProvider(readE2bOptions(options))
}
