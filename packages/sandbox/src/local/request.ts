import { SandboxError } from '../errors.ts'
import type { CreateOptions, Progress } from '../provider.ts'
import type { SandboxState } from './state.ts'

/** The template that everybody means who names none. */
const DEFAULT_TEMPLATE = 'claude-agent-server'

/** Tells what is being done, with the time since the first of it. */
export class Steps {
  readonly #start = Date.now()
  readonly #hear: ((progress: Progress) => void) | undefined

  constructor(hear: ((progress: Progress) => void) | undefined) {
    this.#hear = hear
  }

  tell(step: string, message: string): void {
    this.#hear?.({ step, message, elapsedMs: Date.now() - this.#start })
  }
}

export function describeIsolation(isolation: 'none' | 'namespaces'): string {
  return isolation === 'namespaces'
    ? 'Shut in by bubblewrap: files and processes of its own; the network and the user are those of this machine.'
    : 'NOT isolated: the agent can do on this machine whatever you can.'
}

/** @throws SandboxError `not_supported`, `template_not_found` */
export function refuseUnsupported({ template, resources, network }: CreateOptions): void {
  if (template !== undefined && template !== DEFAULT_TEMPLATE) {
    throw new SandboxError({
      code: 'template_not_found',
      message: `There is no template '${template}': local sandboxes have this machine's programs.`,
      hint: 'Leave `template` out, or use the Docker or E2B engine.',
    })
  }
  const isLimited = Object.values(resources ?? {}).some((limit) => limit !== undefined)
  if (isLimited) throw unsupported('resources', 'limits nothing')
  if (network?.internet === false)
    throw unsupported('network.internet: false', 'has the network of this machine')
  if (Object.keys(network?.injectHeaders ?? {}).length > 0)
    throw unsupported('network.injectHeaders', 'has the network of this machine')
}

function unsupported(what: string, why: string): SandboxError {
  return new SandboxError({
    code: 'not_supported',
    message: `A local sandbox ${why}: \`${what}\` would not hold.`,
    hint: 'Leave it out, or use the Docker or E2B engine.',
  })
}

/**
 * Values of variables are on no disk, so who starts a server again has to bring those that it was created with.
 * @throws SandboxError `start_failed`
 */
export function requireVariables({ variables }: SandboxState, envs: Record<string, string> = {}): void {
  const missing = variables.filter((name) => !Object.hasOwn(envs, name))
  if (missing.length === 0) return
  throw new SandboxError({
    code: 'start_failed',
    message: `The server is to be started again, and needs what it was created with: ${missing.join(', ')}.`,
    hint: 'Give connect() the same `envs` as create(); local sandboxes keep no values of them on disk.',
  })
}
