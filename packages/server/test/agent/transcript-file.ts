import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Transcript } from '../../src/agent/transcript.ts'
import { temporaryFolder } from '../support.ts'

export type Line = Record<string, unknown>

export const SESSION = 'c0ffee00-0000-4000-8000-000000000000'

/** A prompt as the CLI writes it. */
export function prompt(uuid: string, parentUuid: string | null, fields: Line = {}): Line {
  const message = { role: 'user', content: `says ${uuid}` }
  return { type: 'user', uuid, parentUuid, promptSource: 'sdk', sessionId: SESSION, message, ...fields }
}

/** One block of what the model said. */
export function words(
  uuid: string,
  parentUuid: string,
  fields: Line = {},
  stop_reason: string | null = 'end_turn',
): Line {
  const message = {
    id: `msg-${uuid}`,
    role: 'assistant',
    content: [{ type: 'text', text: uuid }],
    stop_reason,
  }
  return {
    type: 'assistant',
    uuid,
    parentUuid,
    sessionId: SESSION,
    requestId: 'req',
    timestamp: 't',
    message,
    ...fields,
  }
}

/** A call of a tool. */
export function call(uuid: string, parentUuid: string, id: string): Line {
  const content = [{ type: 'tool_use', id, name: 'Bash', input: {} }]
  return words(uuid, parentUuid, { message: { role: 'assistant', content, stop_reason: 'tool_use' } })
}

/** What a tool gave. */
export function gave(uuid: string, parentUuid: string, id: string): Line {
  const content = [{ type: 'tool_result', tool_use_id: id, content: 'result' }]
  const message = { role: 'user', content }
  return {
    type: 'user',
    uuid,
    parentUuid,
    sessionId: SESSION,
    message,
    toolUseResult: { stdout: 'result' },
    sourceToolAssistantUUID: parentUuid,
  }
}

/** A note that stands in the chain between messages. */
export function attachment(uuid: string, parentUuid: string, fields: Line = {}): Line {
  return { type: 'attachment', uuid, parentUuid, attachment: { type: 'date', ...fields } }
}

/** The transcript of these lines; a string stands in it as it is. */
export async function transcriptOf(...lines: readonly (Line | string)[]): Promise<Transcript> {
  const text = lines.map((line) => (typeof line === 'string' ? line : `${JSON.stringify(line)}\n`)).join('')
  const { transcript } = await placeTranscript(text)
  return transcript!
}

/** Puts a text in the place of a transcript, in a home of its own. */
export async function placeTranscript(
  text: string,
): Promise<{ transcript: Transcript | undefined; home: string; path: string; read: () => Promise<string> }> {
  const home = await temporaryFolder()
  const folder = join(home, '.claude/projects/-some-where')
  await mkdir(folder, { recursive: true })
  const path = join(folder, `${SESSION}.jsonl`)
  await writeFile(path, text)
  const transcript = await Transcript.read(SESSION, { HOME: home })
  return { transcript, home, path, read: () => readFile(path, 'utf8') }
}
