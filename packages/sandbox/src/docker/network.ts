import { SandboxError } from '../errors.ts'
import type { DockerCommand } from './command.ts'
import { LABEL } from './container.ts'

/** One network for all sandboxes: a network each would end at about 30, where the engine has no more addresses. */
const NETWORK = 'claude-agent-server'
const INTERNAL = 'claude-agent-server-internal'
/** Between the containers of a network nothing passes. */
const ISOLATION = 'com.docker.network.bridge.enable_icc'

export interface Network {
  name: string
  /** It has no way to the internet. */
  isInternal: boolean
  /** It is looked at, and made where it is not there; others are their owners' business. */
  isOwn?: true
}

/** The network that keeps sandboxes apart, with a way to the internet or without. */
export function ownNetwork(isInternal: boolean): Network {
  return { name: isInternal ? INTERNAL : NETWORK, isInternal, isOwn: true }
}

/** Whether that network is there. @throws SandboxError `start_failed` when it keeps nobody apart */
export async function hasNetwork(docker: DockerCommand, { name, isInternal }: Network): Promise<boolean> {
  const format = `{{index .Options "${ISOLATION}"}} {{.Internal}}`
  const state = await docker(['network', 'inspect', '--format', format, name]).catch(unlessMissing)
  if (state === undefined || state.trim() === `false ${String(isInternal)}`) return state !== undefined
  throw new SandboxError({
    code: 'start_failed',
    message: `The network '${name}' of the engine does not keep its containers apart.`,
    hint: `It was made by somebody else. Remove it with \`docker network rm ${name}\`; it is made anew as it should be.`,
  })
}

/** Makes that network where it is not there. */
export async function ensureNetwork(docker: DockerCommand, network: Network): Promise<void> {
  if (await hasNetwork(docker, network)) return
  await createNetwork(docker, network)
  // Somebody else may have been quicker.
  await hasNetwork(docker, network)
}

/** Whether the engine refused for want of a network. */
export function lacksNetwork(error: unknown): boolean {
  return error instanceof SandboxError && /network.* not found|no such network/i.test(error.message)
}

function unlessMissing(error: unknown): undefined {
  if (!lacksNetwork(error)) throw error
}

async function createNetwork(docker: DockerCommand, { name, isInternal }: Network): Promise<void> {
  const options = ['--opt', `${ISOLATION}=false`, '--label', `${LABEL.ours}=network`]
  try {
    await docker(['network', 'create', ...options, ...(isInternal ? ['--internal'] : []), name])
  } catch (error) {
    // Somebody else was quicker.
    if (!(error instanceof SandboxError) || !/already exists/.test(error.message)) throw error
  }
}
