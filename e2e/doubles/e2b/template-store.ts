import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'

/** A process of a sandbox, as it is about to be started on this machine. */
export interface SandboxCommand {
  command: string
  args: string[]
  cwd: string
  env: Record<string, string>
}

/** Where a sandbox is on this machine. */
export interface SandboxPlace {
  /** The folder that is the root of its file system: `/run/x` of the sandbox is `<root>/run/x`. */
  root: string
  /** An address of loopback of its own, e.g. `127.83.4.17`: what listens on it, or on any address, is a port of it. */
  address: string
}

/**
 * What sandboxes are made from. E2B runs the start command once, at the build, and clones the running machine; the double
 * starts it anew for each sandbox and has it wait for `readyCmd`, so that a sandbox is as it would be after cloning.
 */
export interface SandboxTemplate {
  templateId: string
  /** Names by which `Sandbox.create` asks for it, beside the id. */
  names: string[]
  /** A folder that becomes the root of each sandbox, copied (hard links where `cp -al` can). @default an empty folder */
  rootfs?: string
  /** Variables of its start command and of every command. `HOST` is the address of the sandbox, unless it is here. */
  envs?: Record<string, string>
  /** Run by `/bin/bash -l -c` as root; it lives as long as the sandbox. */
  startCmd?: string
  /** Run again and again until it succeeds. */
  readyCmd?: string
  cpuCount?: number
  memoryMB?: number
  /**
   * How a command gets into the sandbox, e.g. by `chroot`.
   * @default it runs on this machine as it is: in a folder of the sandbox, with `E2B_DOUBLE_ROOT` and
   * `E2B_DOUBLE_ADDRESS` in its environment
   */
  enter?: (command: SandboxCommand, place: SandboxPlace, user: string) => SandboxCommand
}

/** The templates that a double knows. Tests put them in by hand, a build puts in what it has built. */
export class TemplateStore {
  readonly #templates: SandboxTemplate[] = []

  /** A later one of the same name wins. */
  add(template: SandboxTemplate): void {
    this.#templates.unshift(template)
  }

  /** By name, by name and tag (`name:tag`, the tag is not looked at), or by id. */
  find(asked: string): SandboxTemplate | undefined {
    const name = asked.replace(/:[^:/]*$/, '')
    return this.#templates.find(({ templateId, names }) => templateId === asked || names.includes(name))
  }

  all(): readonly SandboxTemplate[] {
    return this.#templates
  }
}

/** A request to the control plane, already in the record. */
export interface ControlRequest {
  method: string
  /** With the path and the query that were asked for. */
  url: URL
  headers: IncomingHttpHeaders
  /** The body as it comes in; read it here or by `text()`, not by both. */
  body: Readable
  text(): Promise<string>
}

/** An answer; an object goes out as JSON. One without a body gets `Content-Length: 0`, without which the SDK throws. */
export interface ControlAnswer {
  status: number
  headers?: Record<string, string>
  body?: unknown
}

/**
 * Further addresses of the control plane (the template API). It is asked before the double's own, after the API key was
 * checked, except for paths that begin with `/upload/`, which signed URLs point to; `undefined` = not mine.
 */
export type ControlRoute = (request: ControlRequest) => Promise<ControlAnswer | undefined>

/** Made once per double: `url` is the origin of the double itself, for the URLs of uploads. */
export type ControlRoutes = (double: {
  url: string
  templates: TemplateStore
  folder: string
}) => ControlRoute
