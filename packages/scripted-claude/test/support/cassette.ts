import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Cassette } from '../../src/cassette/cassette.ts'
import type {
  MessagesBody,
  Recorder,
  RecorderOptions,
  Replay,
  ReplayOptions,
  Rule,
  RunningServer,
} from '../../src/index.ts'
import { startRecorder, startReplay } from '../../src/index.ts'
import { startRules } from './scripted.ts'
import { post } from './wire.ts'

/** The path of a cassette in a folder of the test's own. */
export async function cassettePath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'scripted-claude-cassette-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'cassette.json')
}

/** A recorder in front of another server, closed when the test ends. */
export async function startRecording(
  upstream: RunningServer,
  cassette: string,
  more: Partial<RecorderOptions> = {},
): Promise<Recorder> {
  const recorder = await startRecorder({ upstream: upstream.url, cassette, ...more })
  onTestFinished(() => recorder.close().catch(() => undefined))
  return recorder
}

/** A replay, closed when the test ends. */
export async function startReplaying(cassette: string, more: Partial<ReplayOptions> = {}): Promise<Replay> {
  const replay = await startReplay({ cassette, ...more })
  onTestFinished(() => replay.close())
  return replay
}

/** What a cassette's file holds. */
export async function readCassette(path: string): Promise<Cassette> {
  return JSON.parse(await readFile(path, 'utf8')) as Cassette
}

/** A replay of what a model with these rules answers to these prompts, one after the other. */
export async function replayOf(
  rules: readonly Rule[],
  asked: readonly (string | MessagesBody)[],
  more: Partial<ReplayOptions> = {},
) {
  const path = await cassettePath()
  const recorder = await startRecording(await startRules(rules), path, { redact: more.redact ?? [] })
  for (const body of asked) await (await post(recorder, body)).text()
  await recorder.close()
  return startReplaying(path, more)
}
