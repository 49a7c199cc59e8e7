import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const platform = `bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : 'x64'}`
/** Where the optional dependency puts Bun. */
export const runtime = fileURLToPath(new URL(`../../node_modules/@oven/${platform}/bin/bun`, import.meta.url))

/** Why the tests on Bun are left out; empty when they are not. */
export const reason = existsSync(runtime) ? '' : ` (left out: ${runtime} is not installed)`
