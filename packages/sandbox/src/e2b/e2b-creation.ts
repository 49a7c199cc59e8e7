import { randomUUID } from 'node:crypto'
import { aborted } from '../ready.ts'
import type { CreateOptions } from '../provider.ts'
import { translateE2bError } from './e2b-error.ts'
import { CREATION_MARK, describeCreation } from './e2b-request.ts'
import type { E2bSandbox, E2bSdk } from './e2b-sdk.ts'
import type { E2bSettings } from './e2b-options.ts'

const DEFAULT_TEMPLATE = 'claude-agent-server'
/** How long an abort waits for a creation that is under way, to undo it. */
const ABORT_GRACE_MS = 5_000

/**
 * Asks E2B for a sandbox. The request itself is never cut off, or a sandbox could be made that nobody knows of: when the
 * caller ends the wait, it is killed as soon as it is there; when the answer is lost, it is looked for by its mark.
 * @throws SandboxError
 */
export async function requestSandbox(
  { Sandbox }: E2bSdk,
  settings: E2bSettings,
  options: CreateOptions,
): Promise<E2bSandbox> {
  const { template = DEFAULT_TEMPLATE, signal } = options
  const creation = randomUUID()
  const wish = describeCreation(settings, options, creation)
  if (signal?.aborted) throw aborted(signal)
  const made = Sandbox.create(template, wish)
  const undone = made.then(
    () => {},
    async (error: unknown) => {
      if (translateE2bError(error, 'create').code === 'engine_unreachable') {
        await removeLost({ Sandbox }, settings, creation)
      }
    },
  )
  let abort = (): void => {}
  const isAborted = new Promise<undefined>((resolve) => {
    abort = () => resolve(undefined)
    signal?.addEventListener('abort', abort, { once: true })
  })
  try {
    const sandbox = await Promise.race([made, isAborted])
    if (sandbox !== undefined) return sandbox
  } catch (error) {
    await undone
    throw translateE2bError(error, 'create')
  } finally {
    signal?.removeEventListener('abort', abort)
  }
  const killed = made.then((sandbox) => sandbox.kill()).catch(() => undone)
  await Promise.race([killed.catch(() => {}), delay(ABORT_GRACE_MS)])
  throw aborted(signal!)
}

/** Kills what a creation has made whose answer did not arrive. Best effort: its timeout ends it too. */
async function removeLost({ Sandbox }: E2bSdk, { connection }: E2bSettings, creation: string): Promise<void> {
  try {
    const found = await Sandbox.list({
      ...connection,
      query: { metadata: { [CREATION_MARK]: creation } },
    }).nextItems()
    await Promise.all(found.map(({ sandboxId }) => Sandbox.kill(sandboxId, connection)))
  } catch {
    // The engine does not answer; there is nobody to ask.
  }
}

async function delay(ms: number): Promise<void> {
  await new Promise<void>((go) => setTimeout(go, ms).unref())
}
