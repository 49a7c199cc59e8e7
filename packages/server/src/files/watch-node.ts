import type { FSWatcher, Stats } from 'node:fs'

/** What is known of an entry; enough to tell what became of it. */
export interface WatchedState {
  kind: 'file' | 'dir' | 'other'
  inode: number
  /** Tells a new entry from a removed one whose inode number it got. An overlay file system changes it at the first write. */
  birthtimeMs: number
  size: number
  mtimeMs: number
  ctimeMs: number
  mode: number
}

/** An entry below a watched directory. It knows its name by its parent, so a directory that moves takes all along. */
export class WatchNode {
  name: string
  parent: WatchNode | undefined
  state: WatchedState
  readonly children = new Map<string, WatchNode>()
  watcher: FSWatcher | undefined

  constructor(name: string, state: WatchedState) {
    this.name = name
    this.state = state
  }

  /** Puts the entry below a directory, in place of what had its name. */
  attach(parent: WatchNode, name: string): void {
    this.parent = parent
    this.name = name
    parent.children.set(name, this)
  }

  /** Takes the entry out of its directory. */
  detach(): void {
    if (this.parent?.children.get(this.name) === this) this.parent.children.delete(this.name)
    this.parent = undefined
  }

  /** Itself, the directory that it is in, and so on up to the watched one. */
  line(): WatchNode[] {
    return [this, ...(this.parent?.line() ?? [])]
  }

  /** All entries below it and itself, those in a directory before the directory. */
  *below(): Generator<WatchNode> {
    for (const child of this.children.values()) yield* child.below()
    yield this
  }

  /** The path below the watched directory; of that one itself the empty string. */
  path(): string {
    return this.line()
      .slice(0, -1)
      .map((node) => node.name)
      .reverse()
      .join('/')
  }
}

/** What is to be known of an entry. */
export function toWatchedState(stats: Stats): WatchedState {
  return {
    kind: stats.isDirectory() ? 'dir' : stats.isFile() ? 'file' : 'other',
    inode: stats.ino,
    birthtimeMs: stats.birthtimeMs,
    size: stats.size,
    mtimeMs: stats.mtimeMs,
    ctimeMs: stats.ctimeMs,
    mode: stats.mode & 0o7777,
  }
}

/** True when a name still stands for the entry that it stood for. */
export function isSameEntry(before: WatchedState, after: WatchedState | undefined): after is WatchedState {
  return after !== undefined && before.kind === after.kind && before.inode === after.inode
}

/** The same before and after a rename, and for no two entries. */
export function toIdentity(state: WatchedState): string {
  return `${state.kind} ${state.inode} ${state.birthtimeMs}`
}

/** What became of an entry that has kept its name. */
export function compareStates(before: WatchedState, after: WatchedState): ('write' | 'chmod')[] {
  if (after.kind === 'dir') return before.mode === after.mode ? [] : ['chmod']
  const isWritten =
    before.size !== after.size || before.mtimeMs !== after.mtimeMs || before.birthtimeMs !== after.birthtimeMs
  if (isWritten) return before.mode === after.mode ? ['write'] : ['write', 'chmod']
  return before.mode === after.mode && before.ctimeMs === after.ctimeMs ? [] : ['chmod']
}
