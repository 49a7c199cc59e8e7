import type * as e2b from 'e2b'
import { SandboxError } from '../errors.ts'

/** The package `e2b`, as far as it is used. Everything of it passes through here: it is loaded when first needed. */
export type E2bSdk = Pick<typeof e2b, 'Sandbox'>
export type E2bSandbox = e2b.Sandbox
export type E2bCreateOptions = e2b.SandboxOpts

/** @throws SandboxError `engine_unreachable` when it is not installed */
export async function loadE2b(): Promise<E2bSdk> {
  try {
    return await import('e2b')
  } catch (cause) {
    throw new SandboxError({
      code: 'engine_unreachable',
      message: "The package 'e2b' cannot be loaded.",
      hint: 'npm install e2b',
      cause,
    })
  }
}
