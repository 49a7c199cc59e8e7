import { createReadStream } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import { header, readAll, Refusal } from './answer.ts'
import { idsOf, makeParents, own, placeOf } from './sandbox-root.ts'
import type { DoubleSandbox } from './sandbox.ts'

interface WrittenFile {
  name: string
  path: string
  type: 'file'
}

/** `GET /files`: a file's bytes. */
export async function giveFile(
  { root }: DoubleSandbox,
  response: ServerResponse,
  path: string,
  user: string,
): Promise<void> {
  await idsOf(root, user)
  const place = placeOf(root, path, user)
  const found = await stat(place).catch(() => undefined)
  if (found === undefined) throw new Refusal(404, `path '${path}' does not exist`)
  if (found.isDirectory()) throw new Refusal(400, `path '${path}' is a directory`)
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': String(found.size),
  })
  await pipeline(createReadStream(place), response)
}

/** `POST /files`: one file by its path, or several in a form, each with its path as file name. */
export async function takeFiles(
  sandbox: DoubleSandbox,
  request: IncomingMessage,
  body: Readable,
  path: string | undefined,
  user: string,
): Promise<WrittenFile[]> {
  await idsOf(sandbox.root, user)
  const type = header(request, 'content-type') ?? ''
  let bytes = await readAll(body)
  if (header(request, 'content-encoding') === 'gzip') bytes = gunzipSync(bytes)
  if (type.startsWith('application/octet-stream')) {
    if (path === undefined) throw new Refusal(400, 'path is missing')
    return [await write(sandbox, path, bytes, user)]
  }
  const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData()
  const written: WrittenFile[] = []
  for (const file of form.getAll('file')) {
    if (typeof file === 'string') throw new Refusal(400, 'a part of the form is no file')
    written.push(await write(sandbox, path ?? file.name, Buffer.from(await file.arrayBuffer()), user))
  }
  return written
}

/** As envd does: folders are made, what was there is replaced in place, and the file is the user's. */
async function write(
  { root }: DoubleSandbox,
  path: string,
  bytes: Buffer,
  user: string,
): Promise<WrittenFile> {
  const place = placeOf(root, path, user)
  if ((await stat(place).catch(() => undefined))?.isDirectory()) {
    throw new Refusal(400, `path is a directory: ${path}`)
  }
  await makeParents(root, place, user)
  await writeFile(place, bytes)
  await own(root, place, user)
  return { name: basename(path), path, type: 'file' }
}
