import { spawn } from 'node:child_process'
import type { SDKSessionInfo } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError, type TranscriptMessage } from '@claude-agent/protocol'
import { oneByOne } from '../../log/grouped.ts'
import { programFile } from '../../places.ts'
import type { TranscriptHome } from '../transcript-home.ts'

const PROGRAM = programFile('agent/transcripts/read-transcripts')
/** How long the SDK may take, on a busy machine and with many conversations. */
const READ_MS = 30_000
/** Bytes of an answer. */
const MAX_ANSWER = 128 * 1024 * 1024
/** What it may have of memory: a transcript may be anything. */
const NODE_OPTIONS = '--max-old-space-size=1024'

interface Page<Entry> {
  entries: Entry[]
  /** Where the next page begins; absent on the last one. */
  next?: number
}

/**
 * The conversations that the SDK itself knows in the workspace of this server. It is asked in a process of its own, as
 * the user that agents run as: they can write what is read there.
 */
export class SdkTranscripts {
  readonly #home: TranscriptHome
  readonly #inTurn = oneByOne()

  constructor(home: TranscriptHome) {
    this.#home = home
  }

  async list(offset: number, limit: number): Promise<Page<SDKSessionInfo>> {
    return await this.#ask('list', offset, limit)
  }

  async messages(sdkSessionId: string, offset: number, limit: number): Promise<Page<TranscriptMessage>> {
    return await this.#ask('messages', offset, limit, sdkSessionId)
  }

  async #ask<Entry>(what: string, offset: number, limit: number, id = ''): Promise<Page<Entry>> {
    const { env, workspace, user } = this.#home
    const args = [PROGRAM, what, workspace, String(offset), String(limit), id]
    const plain = { command: process.execPath, args }
    const { command, args: given } = user?.enter(plain) ?? plain
    const text = await this.#inTurn(() => read(command, [...given], pick(env)))
    return JSON.parse(text) as Page<Entry>
  }
}

/** What the SDK finds conversations by, and a program needs to run. */
function pick({ PATH, HOME, CLAUDE_CONFIG_DIR }: TranscriptHome['env']): Record<string, string> {
  return {
    PATH: PATH ?? '/usr/bin:/bin',
    NODE_OPTIONS,
    ...(HOME === undefined ? {} : { HOME }),
    ...(CLAUDE_CONFIG_DIR === undefined ? {} : { CLAUDE_CONFIG_DIR }),
  }
}

async function read(command: string, args: string[], env: Record<string, string>): Promise<string> {
  const child = spawn(command, args, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], timeout: READ_MS })
  const chunks: Buffer[] = []
  let size = 0
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > MAX_ANSWER) child.kill('SIGKILL')
    else chunks.push(chunk)
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-1000)))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code === 0) return Buffer.concat(chunks).toString()
  throw new AgentServerError({
    code: 'internal',
    message: `The SDK could not read its conversations: the program that asks it ended with ${code}.`,
    hint: 'What lies in ~/.claude/projects of the agents may be damaged, or very large.',
    cause: new Error(said),
  })
}
