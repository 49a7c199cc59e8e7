import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'claude-agent-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Waits until a condition holds; fails with its name after `timeoutMs`. */
export async function until(
  name: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 40_000,
): Promise<void> {
  const end = Date.now() + timeoutMs
  for (let begin = performance.now(); !(await condition()); begin = performance.now()) {
    if (Date.now() > end) throw new Error(`Not within ${timeoutMs} ms: ${name}`)
    const pauseMs = Math.max(10, 4 * (performance.now() - begin))
    await new Promise((go) => setTimeout(go, pauseMs))
  }
}
