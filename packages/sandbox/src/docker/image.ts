import { SandboxError } from '../errors.ts'
import type { DockerCommand } from './command.ts'

/** A pull of some hundred megabytes over a slow line. */
const PULL_MS = 30 * 60 * 1000

/**
 * Makes sure that the engine has an image. Only a name that says its registry (`registry.example.com/name`) is pulled:
 * a bare one is a local image, and what somebody else has put under that name in a public registry is not run.
 * @throws SandboxError `template_not_found`
 */
export async function ensureImage(
  docker: DockerCommand,
  name: string,
  tell: (step: string, message: string) => void,
): Promise<string> {
  if (!/^[a-z0-9]/i.test(name)) throw missing(name)
  const found = await docker(['image', 'ls', '--quiet', name])
  if (found.trim() !== '') return name
  const [registry = '', ...rest] = name.split('/')
  if (rest.length === 0 || !/[.:]/.test(registry)) {
    // Also an id of an image, which `image ls` does not find.
    if (await docker(['image', 'inspect', '--format', '{{.Id}}', name]).then(Boolean, refuseMissing))
      return name
    throw missing(name)
  }
  tell('pull', `Pulling ${name}`)
  await docker(['pull', '--quiet', name], { timeoutMs: PULL_MS })
  return name
}

function refuseMissing(error: unknown): boolean {
  if (error instanceof SandboxError && error.code === 'template_not_found') return false
  throw error
}

function missing(name: string): SandboxError {
  return new SandboxError({
    code: 'template_not_found',
    message: `The engine has no image '${name}'.`,
    hint: 'Build it with `npm run build:docker`, or give the name of yours as `template`.',
  })
}
