import { AgentServerError, type FileList } from '@claude-agent/protocol'
import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { makeDirectory, move, remove } from '../files/changes.ts'
import { openContent, type Content } from '../files/content.ts'
import { listDirectory, readInfo } from '../files/listing.ts'
import { checkPrecondition, includes, type Precondition, type Versions } from '../files/precondition.ts'
import type { Workspace } from '../files/workspace.ts'
import { writeContent } from '../files/writing.ts'

const MAX_JSON_BYTES = 64 * 1024
const MAX_DEPTH = 100

export interface FileRoutesOptions {
  workspace: Workspace
  /** Largest file that can be written, in bytes. */
  maxFileBytes: number
  /** Most entries in one list; more are an error. @default 50_000 */
  maxListEntries?: number
}

/** `GET /files` and what is below it. Errors are thrown as `AgentServerError`, for the app that mounts this to answer. */
export function createFileRoutes(options: FileRoutesOptions): Hono {
  const { workspace, maxFileBytes, maxListEntries = 50_000 } = options
  const limited = bodyLimit({ maxSize: MAX_JSON_BYTES, onError: () => refuseBody() })
  const app = new Hono()

  app.get('/', async (c) => {
    const depth = readDepth(c.req.query('depth'))
    const list: FileList = {
      entries: await listDirectory(workspace, readPath(c), { depth, maxEntries: maxListEntries }),
    }
    return c.json(list)
  })

  app.delete('/', async (c) => {
    const path = c.req.query('path') ?? missing('path')
    await remove(workspace, path, readFlag('recursive', c.req.query('recursive')))
    return c.body(null, 204)
  })

  app.get('/info', async (c) => c.json(await readInfo(workspace, readPath(c))))

  app.get('/content', async (c) => {
    const content = await openContent(workspace, readPath(c))
    try {
      return await answerContent(c, content, readPath(c))
    } catch (error) {
      await content.close()
      throw error
    }
  })

  app.put('/content', async (c) => {
    const path = c.req.query('path') ?? missing('path')
    const written = await writeContent(workspace, path, readBody(c.req.raw.body), {
      maxBytes: maxFileBytes,
      length: readLength(c.req.header('content-length')),
      condition: readCondition(c),
    })
    c.header('ETag', `"${written.version}"`)
    return c.json(written.entry, written.created ? 201 : 200)
  })

  app.post('/directory', limited, async (c) => {
    const { path } = await readFields(c, ['path'])
    const { entry, created } = await makeDirectory(workspace, path)
    return c.json(entry, created ? 201 : 200)
  })

  app.post('/move', limited, async (c) => {
    const { from, to } = await readFields(c, ['from', 'to'])
    return c.json(await move(workspace, from, to))
  })

  return app
}

/** The answer to GET and HEAD: whole, a range of it, or nothing when the reader has this version. */
async function answerContent(c: Context, content: Content, path: string): Promise<Response> {
  const { size, version } = content
  const condition = readCondition(c)
  checkPrecondition({ matches: condition.matches }, version, path)
  // A response that is not made by `c` would lose what is set for all answers.
  c.header('ETag', `"${version}"`)
  c.header('Cache-Control', 'no-cache')
  c.header('Accept-Ranges', 'bytes')
  c.header('X-Content-Type-Options', 'nosniff')
  if (condition.differs !== undefined && includes(condition.differs, version)) {
    await content.close()
    return c.body(null, 304)
  }
  const range = readRange(c, content, path)
  c.header('Content-Type', 'application/octet-stream')
  c.header('Content-Disposition', 'attachment')
  c.header('Content-Length', String(range.end - range.start))
  if (range.partial) c.header('Content-Range', `bytes ${range.start}-${range.end - 1}/${size}`)
  const status = range.partial ? 206 : 200
  if (c.req.method === 'HEAD') {
    await content.close()
    return c.body(null, status)
  }
  return c.body(content.read(range.start, range.end), status)
}

interface Range {
  start: number
  end: number
  partial: boolean
}

/** The bytes that are asked for; all of them for no range, several ranges, another unit, or another version. */
function readRange(c: Context, { size, version }: Content, path: string): Range {
  const whole = { start: 0, end: size, partial: false }
  const ifRange = c.req.header('if-range')
  if (ifRange !== undefined && ifRange !== `"${version}"`) return whole
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(c.req.header('range') ?? '')
  if (match === null || c.req.method === 'HEAD') return whole
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return whole
  if (first !== '' && last !== '' && Number(last) < Number(first)) return whole
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1)
  if (start < end) return { start, end, partial: true }
  c.header('Content-Range', `bytes */${size}`)
  throw new AgentServerError({
    code: 'range_not_satisfiable',
    message: `The range "${c.req.header('range')}" lies outside ${JSON.stringify(path)}, which has ${size} bytes.`,
  })
}

function readCondition(c: Context): Precondition {
  return {
    matches: readVersions(c, 'If-Match', false),
    differs: readVersions(c, 'If-None-Match', true),
  }
}

/** The versions that a header names; a weak one counts only where the comparison is weak. */
function readVersions(c: Context, name: string, weak: boolean): Versions | undefined {
  const value = c.req.header(name)?.trim()
  if (value === undefined) return undefined
  if (value === '*') return 'any'
  if (!/^(W\/)?"[^"]*"(\s*,\s*(W\/)?"[^"]*")*$/.test(value))
    throw wrong(name, value, 'a list of quoted ETags, or *')
  const tags = [...value.matchAll(/(W\/)?"([^"]*)"/g)]
  return tags.filter((tag) => weak || tag[1] === undefined).map((tag) => tag[2] ?? '')
}

function readPath(c: Context): string {
  return c.req.query('path') ?? '.'
}

function readDepth(value = '1'): number {
  if (/^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= MAX_DEPTH) return Number(value)
  throw wrong('depth', value, `a whole number from 1 to ${MAX_DEPTH}`)
}

/** A query parameter that is `true` or `false`; absent means false. */
export function readFlag(name: string, value = 'false'): boolean {
  if (value === 'true' || value === 'false') return value === 'true'
  throw wrong(name, value, 'true or false')
}

function readLength(value: string | undefined): number | undefined {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined
}

async function readFields<Name extends string>(
  c: Context,
  names: readonly Name[],
): Promise<Record<Name, string>> {
  const body = await readJson(c)
  const fields = {} as Record<Name, string>
  for (const name of names) {
    const value: unknown = body !== null && typeof body === 'object' ? Reflect.get(body, name) : undefined
    if (typeof value !== 'string') throw wrong(name, JSON.stringify(value) ?? 'undefined', 'a string')
    fields[name] = value
  }
  return fields
}

async function readJson(c: Context): Promise<unknown> {
  const text = await c.req.text()
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AgentServerError({ code: 'invalid_json', message: 'The body is not JSON.', cause })
  }
}

/** The chunks of a body. Stopping early does not cancel it: that would cut the connection before the answer is out. */
async function* readBody(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    reader.releaseLock()
  }
}

function missing(name: string): never {
  throw wrong(name, '', 'given')
}

function refuseBody(): never {
  throw new AgentServerError({
    code: 'body_too_large',
    message: `The body is larger than ${MAX_JSON_BYTES} bytes.`,
  })
}

function wrong(name: string, value: string, expected: string): AgentServerError {
  return new AgentServerError({
    code: 'invalid_request',
    message: `${name} is ${JSON.stringify(value.slice(0, 200))}; it must be ${expected}.`,
  })
}
