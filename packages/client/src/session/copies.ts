import type { ForkRequest, SessionInfo, TranscriptList, TranscriptPage } from '@claude-agent/protocol'
import type { Locate, Params } from '../endpoint.ts'
import { notAServer, parseJson } from '../failure.ts'
import { call, send } from '../http.ts'
import { isUnreached, persist } from '../patience.ts'
import { encodeOptions } from '../query-options.ts'
import { randomUuid } from '../uuid.ts'
import type { Limits } from './limits.ts'
import type { ExportOptions, ImportOptions, ListTranscriptsOptions } from './types.ts'

/** Where sessions are, and how long requests may take. */
export interface CopyMeans {
  locate: Locate
  limits: Limits
}

/** Forks a session, and gives the id of the fork, which makes the request safe to repeat. */
export async function forkSession(
  { locate, limits }: CopyMeans,
  path: string,
  request: ForkRequest,
  signal: AbortSignal,
): Promise<string> {
  if (request.options !== undefined) encodeOptions(request.options)
  const id = request.id ?? randomUuid()
  const json = JSON.stringify({ ...request, id })
  const fork = async (): Promise<SessionInfo> =>
    await call(await locate(), {
      method: 'POST',
      path: `${path}/fork`,
      json,
      signal,
      timeoutMs: limits.requestMs,
    })
  await persist(fork, { signal, mayRetry: isUnreached, withinMs: limits.createMs })
  return id
}

/** A session as one file. It comes as the bytes do, and fails where the line does. */
export async function exportSession(
  { locate }: CopyMeans,
  path: string,
  { at, signal }: ExportOptions,
): Promise<ReadableStream<Uint8Array>> {
  const params = { at: at?.toString() }
  const response = await send(await locate(), { method: 'GET', path: `${path}/archive`, params, signal })
  return response.body ?? new Blob().stream()
}

/** Makes a session out of such a file, and gives its id. */
export async function importSession(
  { locate }: CopyMeans,
  archive: Blob | ReadableStream<Uint8Array>,
  { id, signal }: ImportOptions,
): Promise<string> {
  const endpoint = await locate()
  const streams = typeof process === 'object' && typeof process.versions?.node === 'string'
  const body = archive instanceof ReadableStream && !streams ? await new Response(archive).blob() : archive
  const headers = { 'content-type': 'application/octet-stream' }
  const request = { path: '/sessions/archive', params: { id }, headers, body, signal }
  const response = await send(endpoint, { method: 'POST', ...request })
  const info = parseJson(await response.text()) as Partial<SessionInfo> | undefined
  if (typeof info?.id === 'string') return info.id
  throw notAServer(endpoint, 'answered POST /sessions/archive with no session')
}

/** A page of the conversations that the SDK knows; of the messages of one of them, where its id is given. */
export async function readTranscripts<Page extends TranscriptList | TranscriptPage>(
  { locate, limits }: CopyMeans,
  { after, limit, signal }: ListTranscriptsOptions,
  id?: string,
): Promise<Page> {
  const params: Params = { after, limit: limit?.toString() }
  const path = id === undefined ? '/transcripts' : `/transcripts/${encodeURIComponent(id)}`
  return await call(await locate(), { method: 'GET', path, params, signal, timeoutMs: limits.requestMs })
}
