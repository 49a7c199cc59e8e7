import type { RunningServer, ServerOptions } from '../exchange-server.ts'
import { startExchangeServer } from '../exchange-server.ts'
import { CassetteWriter } from './cassette-writer.ts'
import { passOn } from './passage.ts'
import { Secrets } from './secrets.ts'
import { Upstream } from './upstream.ts'

export interface RecorderOptions extends ServerOptions {
  /** Path of the cassette; one that is there is replaced once something has been recorded. */
  cassette: string
  /** Base URL of the real API. @default 'https://api.anthropic.com' */
  upstream?: string
  /** What fits one of these is removed too, and counts for nothing in matching; give a replay the same. @default [] */
  redact?: readonly RegExp[]
  /** Whether the pauses between events are kept, to be played again. @default false */
  pauses?: boolean
}

/** A recorder that runs. */
export interface Recorder extends RunningServer {
  /** How many exchanges are recorded. */
  readonly size: number
  /** What could not be recorded, and why; the client got its answer all the same. */
  readonly failures: readonly string[]
  /**
   * Ends every open answer, stops listening and writes the cassette. An answer that is still open is left out.
   * @throws ScriptedClaudeError `secret_in_cassette`, `unwritable_cassette` or `incomplete_cassette`
   */
  close(): Promise<void>
}

/**
 * Starts a proxy in front of a real API that records what passes through.
 * @throws ScriptedClaudeError `invalid_option`, `unwritable_cassette` or `cannot_listen`
 */
export async function startRecorder(options: RecorderOptions): Promise<Recorder> {
  const upstream = new Upstream(options.upstream ?? 'https://api.anthropic.com')
  const secrets = new Secrets(options.redact)
  const writer = await CassetteWriter.open(options.cassette, secrets)
  const recording = { upstream, secrets, writer, keepsPauses: options.pauses ?? false, isClosing: false }
  const open = new Set<Promise<void>>()
  const server = await startExchangeServer(options, (exchange) => {
    const passage = passOn(exchange, recording)
    open.add(passage)
    return passage.finally(() => open.delete(passage))
  })
  let closing: Promise<void> | undefined
  return {
    ...server,
    failures: writer.failures,
    get size() {
      return writer.size
    },
    close() {
      recording.isClosing = true
      closing ??= server
        .close()
        .then(() => Promise.allSettled(open))
        .then(() => writer.close())
      return closing
    },
  }
}
