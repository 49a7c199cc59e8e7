/** One entry of the workspace. */
export interface FileEntry {
  name: string
  /** Relative to the workspace, with `/` between the parts; the workspace itself is `.`. */
  path: string
  type: 'file' | 'dir' | 'symlink'
  /** Bytes. */
  size: number
  mtimeMs: number
  /** Permission bits, e.g. 0o644. */
  mode: number
}

/** `GET /files` */
export interface FileList {
  entries: FileEntry[]
}

/** `POST /files/directory` */
export interface MakeDirectoryRequest {
  path: string
}

/** `POST /files/move`: `to` must not exist. */
export interface MoveRequest {
  from: string
  to: string
}

/** First frame of `WS /files/watch`: from here on every change is told. */
export interface WatchReady {
  type: 'ready'
}

/** A change below a watched path; of a rename both names may be told, as `remove` and `create`, where the platform cannot pair them. */
export interface WatchEvent {
  type: 'create' | 'write' | 'remove' | 'rename' | 'chmod'
  /** Path relative to the watched directory. */
  name: string
  /** Path relative to the workspace. */
  path: string
}
