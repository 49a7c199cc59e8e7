import { setTimeout as delay } from 'node:timers/promises'
import { SandboxError } from '../errors.ts'
import type { DockerCommand } from './command.ts'
import { inspectContainers, isOver, LABEL, type Container } from './container.ts'

const TRIES = 100
const BETWEEN_MS = 100

/** Removes a container and its volumes. One that is gone is no error. */
export async function removeContainer(docker: DockerCommand, name: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await docker(['rm', '--force', '--volumes', name])
      return
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error
      if (error.code === 'sandbox_not_found') return
      // Somebody else removes it at this moment: it is gone when that is done.
      if (!/already in progress/.test(error.message) || tries === TRIES) throw error
      await delay(BETWEEN_MS)
    }
  }
}

/** The sandboxes of this engine, those of other clients too. What is over is removed on the way. */
export async function collectContainers(docker: DockerCommand): Promise<Container[]> {
  const filter = `--filter=label=${LABEL.ours}=sandbox`
  const printed = await docker(['ps', '--all', '--no-trunc', '--quiet', filter])
  const containers = await inspectContainers(docker, printed.split('\n').filter(Boolean))
  const now = Date.now()
  const over = containers.filter((container) => isOver(container, now))
  // One that cannot be removed is no reason to see none of the others; whoever looks next tries again.
  await Promise.allSettled(over.map(async ({ name }) => await removeContainer(docker, name)))
  return containers.filter((container) => !over.includes(container))
}
