import { SandboxError } from '../errors.ts'
import { aborted } from '../ready.ts'
import type { DockerCommand } from './command.ts'
import { withEnvFile } from './env-file.ts'
import { pullImage, requireImageName } from './image.ts'
import { ensureNetwork, hasNetwork, lacksNetwork } from './network.ts'
import { removeContainer } from './remove.ts'
import { buildRun, type RunOptions } from './run-arguments.ts'

/** The first run, one after the image was pulled, and one after the network was made. */
const TRIES = 3

export interface LaunchOptions extends RunOptions {
  tell: (step: string, message: string) => void
}

/**
 * Runs a container. The engine is not asked first whether it has what that needs, which would take each start longer: what
 * it turns out to lack is brought, and the container is run again.
 * @throws SandboxError what the engine refuses, `template_not_found`
 */
export async function launchContainer(docker: DockerCommand, options: LaunchOptions): Promise<void> {
  const { name, image, network, signal, tell } = options
  const { args, env, fileEnv } = buildRun(options)
  requireImageName(image)
  for (let tries = 1; ; tries += 1) {
    if (signal?.aborted) throw aborted(signal)
    tell('create', `Making a container of ${image}`)
    // Looked at meanwhile: of a network that keeps nobody apart, the container is taken out again.
    const looking = network.isOwn ? hasNetwork(docker, network) : Promise.resolve(true)
    looking.catch(() => {})
    try {
      await withEnvFile(fileEnv, async (file) => await docker(['run', ...file, ...args], { env }))
      // One that was not there when it was looked at was made since, and perhaps by somebody else.
      if (!(await looking)) await hasNetwork(docker, network)
      return
    } catch (error) {
      if (tries === TRIES || !(await bring(docker, options, error))) throw error
      // The engine makes a container before it looks for its network.
      await removeContainer(docker, name)
    }
  }
}

/** Brings what the engine lacked; false when it failed for another reason. */
async function bring(
  docker: DockerCommand,
  { image, network, tell }: LaunchOptions,
  error: unknown,
): Promise<boolean> {
  if (error instanceof SandboxError && error.code === 'template_not_found')
    await pullImage(docker, image, tell)
  else if (network.isOwn && lacksNetwork(error)) await ensureNetwork(docker, network)
  else return false
  return true
}
