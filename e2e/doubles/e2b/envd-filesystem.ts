import { lstat, mkdir, readdir, readlink, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Refusal } from './answer.ts'
import { idsOf, makeParents, own, placeOf } from './sandbox-root.ts'
import type { DoubleSandbox } from './sandbox.ts'

/** An entry as envd tells it; 64-bit numbers are text, as protobuf's JSON wants. */
export interface Entry {
  name: string
  type: 'FILE_TYPE_FILE' | 'FILE_TYPE_DIRECTORY' | 'FILE_TYPE_SYMLINK'
  path: string
  size: string
  mode: number
  permissions: string
  owner: string
  group: string
  modifiedTime: string
  symlinkTarget?: string
}

/** An entry by its place on this machine. */
export async function describe(root: string, place: string): Promise<Entry> {
  const found = await lstat(place).catch(() => undefined)
  const path = place.slice(root.length) || '/'
  if (found === undefined) throw new Refusal(404, `file not found: ${path}`)
  const isLink = found.isSymbolicLink()
  return {
    name: basename(path),
    type: isLink ? 'FILE_TYPE_SYMLINK' : found.isDirectory() ? 'FILE_TYPE_DIRECTORY' : 'FILE_TYPE_FILE',
    path,
    size: String(found.size),
    mode: found.mode & 0o7777,
    permissions: (found.mode & 0o7777).toString(8),
    owner: String(found.uid),
    group: String(found.gid),
    modifiedTime: found.mtime.toISOString(),
    ...(isLink ? { symlinkTarget: await readlink(place) } : {}),
  }
}

export async function statEntry(
  { root }: DoubleSandbox,
  message: { path: string },
  user: string,
): Promise<unknown> {
  return { entry: await describe(root, placeOf(root, message.path, user)) }
}

export async function listFolder(
  { root }: DoubleSandbox,
  message: { path: string; depth?: number },
  user: string,
): Promise<unknown> {
  const folder = placeOf(root, message.path, user)
  const found = await stat(folder).catch(() => undefined)
  if (found === undefined) throw new Refusal(404, `path not found: ${message.path}`)
  if (!found.isDirectory()) throw new Refusal(400, `path is not a directory: ${message.path}`)
  return { entries: await below(root, folder, message.depth ?? 1) }
}

async function below(root: string, folder: string, depth: number): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const found of await readdir(folder, { withFileTypes: true })) {
    const place = join(folder, found.name)
    entries.push(await describe(root, place))
    if (found.isDirectory() && depth > 1) entries.push(...(await below(root, place, depth - 1)))
  }
  return entries
}

export async function makeFolder(
  { root }: DoubleSandbox,
  message: { path: string },
  user: string,
): Promise<unknown> {
  await idsOf(root, user)
  const place = placeOf(root, message.path, user)
  const found = await stat(place).catch(() => undefined)
  if (found !== undefined) throw new Refusal(409, `directory already exists: ${message.path}`)
  await makeParents(root, place, user)
  await mkdir(place)
  await own(root, place, user)
  return { entry: await describe(root, place) }
}

export async function moveEntry(
  { root }: DoubleSandbox,
  message: { source: string; destination: string },
  user: string,
): Promise<unknown> {
  const source = placeOf(root, message.source, user)
  const destination = placeOf(root, message.destination, user)
  if ((await lstat(source).catch(() => undefined)) === undefined) {
    throw new Refusal(404, `source file not found: ${message.source}`)
  }
  await makeParents(root, destination, user)
  await rename(source, destination)
  return { entry: await describe(root, join(dirname(destination), basename(destination))) }
}

/** One that is not there is no error, as for envd. */
export async function removeEntry(
  { root }: DoubleSandbox,
  message: { path: string },
  user: string,
): Promise<unknown> {
  await rm(placeOf(root, message.path, user), { recursive: true, force: true })
  return {}
}
