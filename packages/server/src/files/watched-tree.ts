import { watch as watchPlace } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { posix } from 'node:path'
import { AgentServerError } from '@claude-agent/protocol'
import type { Directory } from './directory.ts'
import { mapInSlices, readNames } from './listing.ts'
import { hasSystemCode } from './system-error.ts'
import { toWatchedState, WatchNode, type WatchedState } from './watch-node.ts'
import type { Workspace } from './workspace.ts'

export interface WatchedTreeOptions {
  /** Path below the workspace. */
  path: string
  recursive: boolean
  maxEntries: number
  /** Something happened at a name in a directory, or `.` for the directory itself. */
  onHint(node: WatchNode, name: string, isChange: boolean): void
}

/** What is known of the entries below a directory, with a watch of the system on each directory among them. */
export class WatchedTree {
  readonly root: WatchNode
  readonly #workspace: Workspace
  readonly #options: WatchedTreeOptions
  #entryCount = 0
  #isClosed = false

  constructor(workspace: Workspace, state: WatchedState, options: WatchedTreeOptions) {
    this.#workspace = workspace
    this.#options = options
    this.root = new WatchNode('', state)
  }

  /** Ends all watches. Safe to call again. */
  close(): void {
    this.#isClosed = true
    for (const node of this.root.below()) node.watcher?.close()
  }

  /** The path of an entry below the workspace. */
  pathOf(node: WatchNode): string {
    return posix.join(this.#options.path, node.path())
  }

  /** Watches a directory, then takes up what is in it, noting each new entry in the order of a listing. */
  async enter(node: WatchNode, found: WatchNode[]): Promise<void> {
    if (this.#isClosed) return
    const directory = await this.#workspace.openDirectory(this.pathOf(node))
    try {
      this.#watch(node, directory)
      const names = (await readNames(directory)).filter((name) => !node.children.has(name)).sort()
      const states = await mapInSlices(names, (name) => readState(directory.at(name)))
      for (const [index, name] of names.entries()) {
        const state = states[index]
        if (state !== undefined) await this.add(node, name, state, found)
      }
    } finally {
      await directory.close()
    }
  }

  /** Takes up one entry, and what is below it where that is watched too. */
  async add(parent: WatchNode, name: string, state: WatchedState, found: WatchNode[]): Promise<void> {
    const { maxEntries, path, recursive } = this.#options
    this.#entryCount += 1
    if (this.#entryCount > maxEntries)
      throw tooMany(`There are more than ${maxEntries} entries below '${path}'.`)
    const node = new WatchNode(name, state)
    node.attach(parent, name)
    found.push(node)
    if (state.kind === 'dir' && recursive) await this.enter(node, found).catch(ignoreUnreachable)
  }

  /** Forgets an entry and what is below it. */
  drop(node: WatchNode): void {
    for (const lost of node.below()) {
      lost.watcher?.close()
      this.#entryCount -= 1
    }
    node.detach()
  }

  /** Hints at everything in a directory, under a fresh watch. */
  async revisit(node: WatchNode): Promise<void> {
    try {
      const directory = await this.#workspace.openDirectory(this.pathOf(node))
      try {
        this.#watch(node, directory)
        const names = [...node.children.keys(), ...(await readNames(directory))]
        for (const name of names) this.#options.onHint(node, name, false)
      } finally {
        await directory.close()
      }
    } catch (error) {
      ignoreUnreachable(error)
    }
  }

  #watch(node: WatchNode, directory: Directory): void {
    if (this.#isClosed) return
    const previous = node.watcher
    try {
      node.watcher = watchPlace(directory.at(), { persistent: false }, (event, name) => {
        this.#options.onHint(node, name ?? '.', event === 'change')
      })
    } catch (error) {
      if (!hasSystemCode(error, 'ENOSPC', 'EMFILE')) throw error
      throw tooMany('The system gives no more watches (fs.inotify.max_user_watches).', error)
    }
    node.watcher.on('error', () => this.#options.onHint(node, '.', false))
    // Only now: events that wait in the system's queue go to whoever watches the directory then.
    previous?.close()
  }
}

/** What is at a path now, or undefined when it cannot be seen. */
export async function readState(path: string): Promise<WatchedState | undefined> {
  const stats = await lstat(path).catch(ignoreUnreachable)
  return stats && toWatchedState(stats)
}

function ignoreUnreachable(error: unknown): undefined {
  if (error instanceof AgentServerError && error.code === 'path_outside_workspace') return
  if (!hasSystemCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM')) throw error
}

function tooMany(message: string, cause?: unknown): AgentServerError {
  const hint = 'Watch a directory further down, or not recursively.'
  return new AgentServerError({ code: 'too_many_watches', message, hint, cause })
}
