import { join, posix } from 'node:path'
import { AgentServerError, type WatchEvent } from '@claude-agent/protocol'
import { mapInSlices } from './listing.ts'
import { isTemporaryName } from './path.ts'
import { toFileError, withFileErrors } from './system-error.ts'
import { compareStates, type WatchedState, type WatchNode } from './watch-node.ts'
import { planSteps, type Step, type Touch } from './watch-plan.ts'
import { readState, WatchedTree } from './watched-tree.ts'
import type { Workspace } from './workspace.ts'

const GATHER_MS = 20
// A file system's clock ticks every few milliseconds: a write within the tick of the last look leaves no trace.
const TICK_MS = 100
// The kernel's queue holds 16,384 events by default and drops the rest in silence.
const MANY_HINTS = 4096

export interface WatchOptions {
  path: string
  recursive: boolean
  /** More entries than this are an error. @default 200_000 */
  maxEntries?: number | undefined
  /** Ends the watch, also while it begins. */
  signal: AbortSignal
  /** What happened since; while it is not resolved, what happens next is gathered and merged. */
  onEvents(events: WatchEvent[]): Promise<void>
  /** Called at most once; the watch has ended then. */
  onError(error: AgentServerError): void
}

/**
 * Watches a directory; what happens once this is resolved is told.
 *
 * A rename is told as `rename` of the old name and `create` of the new one; where the two cannot be paired, as when it
 * leads out of the directory, as `remove` or `create`. A file with content that comes up is told as `create` and
 * `write`, one that takes the place of another as `write`. A directory that comes up or goes away is told with all
 * that is in it. Symlinks are not followed.
 *
 * @throws AgentServerError `invalid_path`, `path_outside_workspace`, `path_not_found`, `not_a_directory`,
 *   `path_denied`, `too_many_watches`
 */
export async function watchDirectory(workspace: Workspace, options: WatchOptions): Promise<void> {
  await withFileErrors(options.path, async () => {
    const directory = await workspace.openDirectory(workspace.parse(options.path))
    const state = await readState(directory.at())
    await directory.close()
    if (state === undefined) throw pathGone(options.path)
    const path = posix.relative(workspace.root, directory.location) || '.'
    await new DirectoryWatch(workspace, path, state, options).begin()
  })
}

/**
 * What the system tells is a hint that something happened at a name; what happened is found by comparing the entry
 * with what was known of it. So a write may be told twice, but none is missed: a new directory is watched before it is
 * read, and a burst that may have overrun the system ends in a comparison of everything.
 */
class DirectoryWatch {
  readonly #workspace: Workspace
  readonly #options: WatchOptions
  readonly #tree: WatchedTree
  readonly #hints = new Map<WatchNode, Map<string, boolean>>()
  #hintCount = 0
  #timer: NodeJS.Timeout | undefined
  #isBusy = true
  #isClosed = false

  constructor(workspace: Workspace, path: string, state: WatchedState, options: WatchOptions) {
    this.#workspace = workspace
    this.#options = options
    this.#tree = new WatchedTree(workspace, state, {
      path,
      recursive: options.recursive,
      maxEntries: options.maxEntries ?? 200_000,
      onHint: (node, name, isChange) => this.#hint(node, name, isChange),
    })
  }

  async begin(): Promise<void> {
    const { signal } = this.#options
    signal.addEventListener('abort', () => this.#close(), { once: true })
    if (signal.aborted) this.#close()
    try {
      await this.#tree.enter(this.#tree.root, [])
    } catch (error) {
      this.#close()
      throw error
    }
    this.#isBusy = false
    this.#schedule()
  }

  #close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#hints.clear()
    this.#tree.close()
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return
    this.#close()
    const known = toFileError(error, this.#options.path)
    const internal = { code: 'internal', message: 'The watch broke.', cause: error } as const
    this.#options.onError(known instanceof AgentServerError ? known : new AgentServerError(internal))
  }

  #hint(node: WatchNode, name: string, isChange: boolean): void {
    if (this.#isClosed || isTemporaryName(name)) return
    const names = this.#hints.get(node) ?? new Map<string, boolean>()
    names.set(name, isChange || names.get(name) === true)
    this.#hints.set(node, names)
    this.#hintCount += 1
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isClosed || this.#isBusy || this.#hints.size === 0) return
    this.#timer ??= setTimeout(() => void this.#settle(), GATHER_MS)
  }

  /** Finds out what the hints of the last moment mean, and tells it. */
  async #settle(): Promise<void> {
    this.#timer = undefined
    this.#isBusy = true
    try {
      const isOverrun = this.#hintCount >= MANY_HINTS
      const { steps, later } = planSteps(await this.#look(), process.platform === 'linux')
      const events: WatchEvent[] = []
      for (const step of steps) await this.#take(step, events)
      if (events.length > 0 && !this.#isClosed) await this.#options.onEvents(events)
      for (const { parent, name, isChange } of later) this.#hint(parent, name, isChange)
      if (isOverrun) await this.#compareAll()
      await this.#checkRoot()
    } catch (error) {
      this.#fail(error)
    }
    this.#isBusy = false
    this.#schedule()
  }

  async #look(): Promise<Touch[]> {
    const hinted = [...this.#hints].filter(([node]) => node.line().at(-1) === this.#tree.root)
    this.#hints.clear()
    this.#hintCount = 0
    const names = hinted.flatMap(([parent, hints]) =>
      [...hints].map(([name, isChange]) => ({ parent, name, isChange })),
    )
    const touched = names.filter(({ name }) => name !== '.')
    return await mapInSlices(touched, async (touch) => {
      const after = await readState(join(this.#workspace.root, this.#tree.pathOf(touch.parent), touch.name))
      return { ...touch, before: touch.parent.children.get(touch.name), after }
    })
  }

  async #take(step: Step, events: WatchEvent[]): Promise<void> {
    if (step.kind === 'gone') {
      for (const node of step.node.below()) events.push(this.#tell('remove', node))
      this.#tree.drop(step.node)
    } else if (step.kind === 'same') {
      await this.#update(step.node, step.after, step.isChange, events)
    } else if (step.kind === 'moved') {
      const { node, to, after } = step
      events.push(this.#tell('rename', node))
      node.detach()
      if (step.overwrites && to.before !== undefined) this.#tree.drop(to.before)
      node.attach(to.parent, to.name)
      node.state = after
      events.push(this.#tell(step.overwrites ? 'write' : 'create', node))
    } else {
      if (step.overwrites && step.at.before !== undefined) this.#tree.drop(step.at.before)
      const found: WatchNode[] = []
      await this.#tree.add(step.at.parent, step.at.name, step.after, found)
      for (const node of found) {
        if (!step.overwrites) events.push(this.#tell('create', node))
        const hasContent = node.state.kind === 'file' && node.state.size > 0
        if (step.overwrites || hasContent) events.push(this.#tell('write', node))
      }
    }
  }

  async #update(
    node: WatchNode,
    after: WatchedState,
    isChange: boolean,
    events: WatchEvent[],
  ): Promise<void> {
    const before = node.state
    node.state = after
    const changes = compareStates(before, after)
    const isRecent = after.kind === 'file' && Date.now() - after.mtimeMs < TICK_MS
    if (changes.length === 0 && isChange && isRecent) changes.push('write')
    for (const type of changes) events.push(this.#tell(type, node))
    // Perhaps another directory with the same inode number, of which the old watch tells nothing.
    if (node.watcher !== undefined && before.birthtimeMs !== after.birthtimeMs) await this.#tree.revisit(node)
  }

  async #compareAll(): Promise<void> {
    for (const node of this.#tree.root.below()) {
      if (node.watcher !== undefined) await this.#tree.revisit(node)
    }
    this.#hintCount = 0
  }

  async #checkRoot(): Promise<void> {
    const state = await readState(join(this.#workspace.root, this.#tree.pathOf(this.#tree.root)))
    if (state?.inode === this.#tree.root.state.inode) return
    throw pathGone(this.#options.path)
  }

  #tell(type: WatchEvent['type'], node: WatchNode): WatchEvent {
    return { type, name: node.path(), path: this.#tree.pathOf(node) }
  }
}

function pathGone(path: string): AgentServerError {
  const message = `The watched directory '${path}' was removed or moved.`
  return new AgentServerError({ code: 'path_not_found', message })
}
