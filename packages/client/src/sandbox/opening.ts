import { AgentServerError } from '@claude-agent/protocol'
import type { ConnectOptions, CreateOptions, Progress, Sandbox, SandboxProvider } from '@claude-agent/sandbox'
import { LinkedAbort, orAborted } from '../patience.ts'
import { sandboxFailure } from './failure.ts'

/** How long an engine may take to undo what was given up, in milliseconds, before nobody waits for it any more. */
const UNDO_MS = 10_000

export type OpeningPlan = ({ create: CreateOptions } | { id: string; connect: ConnectOptions }) & {
  /** Gives up; the sandbox then rejects with the signal's reason. */
  signal: AbortSignal
  /** Milliseconds without progress after which it is given up. */
  silenceMs: number
  onProgress(progress: Progress): void
  /** A sandbox that came after it was given up could not be ended. */
  onStray(error: AgentServerError): void
}

/** One try to make a sandbox or to come back to one. Given up, it leaves no new sandbox behind, also on an engine that hangs. */
export class Opening {
  /** @throws AgentServerError `start_timeout`, and the engine's own; the signal's reason when it fires */
  readonly sandbox: Promise<Sandbox>
  readonly #undone: Promise<void>

  constructor(provider: SandboxProvider, plan: OpeningPlan) {
    const abort = new LinkedAbort(plan.signal)
    let timer: ReturnType<typeof setTimeout> | undefined
    const expect = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => abort.abort(tooSlow(provider.engine, plan.silenceMs)), plan.silenceMs)
    }
    const options: ConnectOptions = {
      signal: abort.signal,
      onProgress: (progress) => {
        if (abort.signal.aborted) return
        expect()
        plan.onProgress(progress)
      },
    }
    expect()
    const isNew = 'create' in plan
    const ask = async (): Promise<Sandbox> =>
      'create' in plan
        ? await provider.create({ ...plan.create, ...options })
        : await provider.connect(plan.id, { ...plan.connect, ...options })
    const report = (error: unknown): void => plan.onStray(sandboxFailure(error))
    const asked = ask()
    this.#undone = asked.then(
      (sandbox) => (isNew && abort.signal.aborted ? sandbox.kill().catch(report) : undefined),
      () => {},
    )
    this.sandbox = orAborted(asked, abort.signal)
      .catch((error: unknown) => {
        abort.signal.throwIfAborted()
        throw sandboxFailure(error)
      })
      .finally(() => {
        clearTimeout(timer)
        abort.release()
      })
  }

  /** Resolves when nothing of it is under way any more, or when the engine takes too long over that. */
  async undone(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, UNDO_MS)
    })
    await Promise.race([Promise.allSettled([this.sandbox, this.#undone]), enough])
    clearTimeout(timer)
  }
}

function tooSlow(engine: string, silenceMs: number): AgentServerError {
  return new AgentServerError({
    code: 'start_timeout',
    message: `The engine '${engine}' had no sandbox ready within ${silenceMs} ms.`,
    hint: 'Is the engine well? `startTimeoutMs` sets the limit. What it may still make is ended when it comes.',
  })
}
