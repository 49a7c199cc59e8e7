import type { FileEntry, FileList } from '@claude-agent/protocol'
import type { Endpoint } from './endpoint.ts'
import { notAServer, unreachable } from './failure.ts'
import { send } from './http.ts'
import type { CallOptions, EntryInfo, FileData, ListOptions, RemoveOptions } from './types.ts'

/** Writes a file whole, or not at all; missing directories are made. */
export async function writeFile(endpoint: Endpoint, path: string, data: FileData, { signal }: CallOptions) {
  const body = data instanceof ReadableStream && !canStreamUp() ? await new Response(data).blob() : data
  const headers = { 'content-type': 'application/octet-stream' }
  const request = { path: '/files/content', params: { path }, headers, body: body as BodyInit, signal }
  await discard(await send(endpoint, { method: 'PUT', ...request }))
}

/** What `readFile` gives for each format. */
export interface FileFormats {
  text: string
  blob: Blob
  stream: ReadableStream<Uint8Array>
}

/** Reads a file. A stream comes as the bytes do, and fails where the line does. */
export async function readFile(
  endpoint: Endpoint,
  path: string,
  format: keyof FileFormats,
  { signal }: CallOptions,
): Promise<FileFormats[keyof FileFormats]> {
  const response = await send(endpoint, { method: 'GET', path: '/files/content', params: { path }, signal })
  if (format === 'stream') return response.body ?? new Blob().stream()
  try {
    return await (format === 'blob' ? response.blob() : response.text())
  } catch (cause) {
    if (signal?.aborted) throw signal.reason
    throw unreachable(endpoint, cause)
  }
}

/** Removes a file or a directory. */
export async function removeFile(endpoint: Endpoint, path: string, options: RemoveOptions): Promise<void> {
  const params = { path, recursive: options.recursive === true ? 'true' : undefined }
  await discard(await send(endpoint, { method: 'DELETE', path: '/files', params, signal: options.signal }))
}

/** The entries of a directory. */
export async function listFiles(
  endpoint: Endpoint,
  path: string,
  options: ListOptions,
): Promise<EntryInfo[]> {
  const params = { path, depth: options.depth?.toString() }
  const response = await send(endpoint, { method: 'GET', path: '/files', params, signal: options.signal })
  const list = (await response.json().catch(() => undefined)) as FileList | undefined
  if (!Array.isArray(list?.entries)) throw notAServer(endpoint, 'answered GET /files with no list of files')
  return list.entries.map(describeEntry)
}

/** An entry of the wire as the predecessor's `EntryInfo`. */
function describeEntry({ name, path, type, size, mode, mtimeMs }: FileEntry): EntryInfo {
  return { name, path, type, size, mode, modifiedTime: new Date(mtimeMs) }
}

/** Reads an answer to its end, so that its connection is free for the next request. */
async function discard(response: Response): Promise<void> {
  await response.arrayBuffer()
}

/** Browsers send no streams over HTTP/1.1; Node, Bun and Deno do, and all of them have a `process`. */
function canStreamUp(): boolean {
  return typeof process === 'object' && typeof process.versions?.node === 'string'
}
