import { SandboxError } from '../errors.ts'
import type { DockerCommand } from './command.ts'
import { LABEL } from './container.ts'

/** One network for all sandboxes: a network each would end at about 30, where the engine has no more addresses. */
const NETWORK = 'claude-agent-server'
const INTERNAL = 'claude-agent-server-internal'
/** Between the containers of a network nothing passes. */
const ISOLATION = 'com.docker.network.bridge.enable_icc'

/** The network that keeps sandboxes apart, with a way to the internet or without; made where it is not there yet. */
export async function ensureNetwork(
  docker: DockerCommand,
  isInternal: boolean,
): Promise<{ name: string; isInternal: boolean }> {
  const name = isInternal ? INTERNAL : NETWORK
  const found = await docker(['network', 'ls', '--filter', `name=^${name}$`, '--format', '{{.ID}}'])
  if (found.trim() === '') {
    await createNetwork(docker, name, isInternal)
    return { name, isInternal }
  }
  const format = `{{index .Options "${ISOLATION}"}} {{.Internal}}`
  const state = (await docker(['network', 'inspect', '--format', format, name])).trim()
  if (state === `false ${String(isInternal)}`) return { name, isInternal }
  throw new SandboxError({
    code: 'start_failed',
    message: `The network '${name}' of the engine does not keep its containers apart.`,
    hint: `It was made by somebody else. Remove it with \`docker network rm ${name}\`; it is made anew as it should be.`,
  })
}

async function createNetwork(docker: DockerCommand, name: string, isInternal: boolean): Promise<void> {
  const options = ['--opt', `${ISOLATION}=false`, '--label', `${LABEL.ours}=network`]
  try {
    await docker(['network', 'create', ...options, ...(isInternal ? ['--internal'] : []), name])
  } catch (error) {
    // Somebody else was quicker.
    if (!(error instanceof SandboxError) || !/already exists/.test(error.message)) throw error
  }
}
