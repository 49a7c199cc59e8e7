import { SandboxError } from '../errors.ts'
import type { DockerCommand } from './command.ts'

/** A pull of some hundred megabytes over a slow line. */
const PULL_MS = 30 * 60 * 1000

/** What would be taken for an option of the command is the name of no image. @throws SandboxError `template_not_found` */
export function requireImageName(name: string): void {
  if (!/^[a-z0-9]/i.test(name)) throw missing(name)
}

/**
 * Gets an image that the engine does not have. Only a name that says its registry (`registry.example.com/name`) is pulled:
 * a bare one is a local image, and what somebody else has put under that name in a public registry is not run.
 * @throws SandboxError `template_not_found`
 */
export async function pullImage(
  docker: DockerCommand,
  name: string,
  tell: (step: string, message: string) => void,
): Promise<void> {
  const [registry = '', ...rest] = name.split('/')
  if (rest.length === 0 || !/[.:]/.test(registry)) throw missing(name)
  tell('pull', `Pulling ${name}`)
  await docker(['pull', '--quiet', name], { timeoutMs: PULL_MS })
}

function missing(name: string): SandboxError {
  return new SandboxError({
    code: 'template_not_found',
    message: `The engine has no image '${name}'.`,
    hint: 'Build it with `npm run build:docker`, or give the name of yours as `template`.',
  })
}
