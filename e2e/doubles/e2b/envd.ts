import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { header, readJson, Refusal, send } from './answer.ts'
import { ConnectStream, readEnvelope } from './connect-stream.ts'
import { listFolder, makeFolder, moveEntry, removeEntry, statEntry } from './envd-filesystem.ts'
import { giveFile, takeFiles } from './envd-files.ts'
import { attachCommand, listCommands, sendInput, signalCommand, startCommand } from './envd-process.ts'
import { watchFolder } from './envd-watch.ts'
import type { DoubleSandbox } from './sandbox.ts'

/** The port that envd listens on in every sandbox. */
export const ENVD_PORT = 49_983

/** A call of one message each way. */
type Call = (sandbox: DoubleSandbox, message: never, user: string) => Promise<unknown>
/** A call that is answered by a stream of messages. */
type StreamCall = (
  sandbox: DoubleSandbox,
  message: never,
  user: string,
  stream: ConnectStream,
) => Promise<void>

const CALLS: Record<string, Call> = {
  '/filesystem.Filesystem/ListDir': listFolder,
  '/filesystem.Filesystem/MakeDir': makeFolder,
  '/filesystem.Filesystem/Move': moveEntry,
  '/filesystem.Filesystem/Remove': removeEntry,
  '/filesystem.Filesystem/Stat': statEntry,
  '/process.Process/List': listCommands,
  '/process.Process/SendInput': sendInput,
  '/process.Process/SendSignal': signalCommand,
}

const STREAMS: Record<string, StreamCall> = {
  '/filesystem.Filesystem/WatchDir': watchFolder,
  '/process.Process/Start': startCommand,
  '/process.Process/Connect': attachCommand,
}

/** What answers on a sandbox's port 49983: health, files, file system and processes. */
export async function answerEnvd(
  sandbox: DoubleSandbox,
  request: IncomingMessage,
  response: ServerResponse,
  body: Readable,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://envd')
  if (url.pathname === '/health') {
    send(response, { status: 204 })
    return
  }
  if (header(request, 'x-access-token') !== sandbox.accessToken) throw new Refusal(401, 'unauthorized')
  if (url.pathname === '/files') {
    const path = url.searchParams.get('path') ?? undefined
    const user = url.searchParams.get('username') ?? 'user'
    if (request.method === 'GET') await giveFile(sandbox, response, path ?? '', user)
    else send(response, { status: 200, body: await takeFiles(sandbox, request, body, path, user) })
    return
  }
  const user = basicUser(header(request, 'authorization'))
  const call = CALLS[url.pathname]
  if (call !== undefined) {
    send(response, { status: 200, body: await call(sandbox, await readJson<never>(body), user) })
    return
  }
  const start = STREAMS[url.pathname]
  if (start === undefined) throw new Refusal(404, `envd of the double has no ${url.pathname}`)
  const message = await readEnvelope<never>(body)
  const stream = new ConnectStream(response, Number(header(request, 'connect-timeout-ms') ?? 0))
  await start(sandbox, message, user, stream).catch((error: unknown) => {
    stream.end({ code: codeOf(error), message: error instanceof Error ? error.message : String(error) })
  })
}

/** Connect's own shape of an error, for calls of one message. */
export function sendConnectFailure(response: ServerResponse, error: unknown): void {
  const code = codeOf(error)
  const status = error instanceof Refusal ? error.status : 500
  send(response, { status, body: { code, message: error instanceof Error ? error.message : String(error) } })
}

function codeOf(error: unknown): string {
  const codes: Record<number, string> = {
    400: 'invalid_argument',
    401: 'unauthenticated',
    404: 'not_found',
    409: 'already_exists',
  }
  return (error instanceof Refusal ? codes[error.status] : undefined) ?? 'internal'
}

/** envd takes the user from a Basic header without a password. */
function basicUser(authorization: string | undefined): string {
  const given = authorization?.replace(/^Basic /, '')
  return given === undefined ? 'user' : Buffer.from(given, 'base64').toString('utf8').replace(/:.*$/, '')
}
