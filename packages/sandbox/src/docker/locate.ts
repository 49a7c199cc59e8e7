import { release } from 'node:os'
import { SandboxError } from '../errors.ts'
import type { SandboxEndpoint } from '../provider.ts'
import type { DockerCommand } from './command.ts'
import type { Container } from './container.ts'

/** Where a port of a container is: published, or at its own address. Undefined when it has neither. */
export function locate({ published, address }: Container, port: number): SandboxEndpoint | undefined {
  const host = published.get(port) ?? (address === undefined ? undefined : `${address}:${port}`)
  return host === undefined ? undefined : { url: `http://${host}`, headers: {} }
}

/** Whether the engine runs on this kernel, so that the addresses of containers can be reached from here. */
export async function isSameMachine(docker: DockerCommand): Promise<boolean> {
  if (process.platform !== 'linux') return false
  return (await docker(['info', '--format', '{{.KernelVersion}}'])).trim() === release()
}

/** @throws SandboxError `not_supported` where a sandbox without internet could not be reached either */
export async function requireSameMachine(docker: DockerCommand): Promise<void> {
  if (await isSameMachine(docker)) return
  throw new SandboxError({
    code: 'not_supported',
    message: 'A sandbox without internet can be reached only from the Linux machine that its engine runs on.',
    hint: "Run on that machine, or leave `network.internet` out. With `broker: 'client'` it needs no key anyway.",
  })
}
