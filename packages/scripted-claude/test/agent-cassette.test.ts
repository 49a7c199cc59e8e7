import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { Rule, RunningServer } from '../src/index.ts'
import { steadyText } from '../src/shape/volatile.ts'
import { collect, Conversation, createAgent, resultOf } from './support/agent.ts'
import { cassettePath, readCassette, startRecording, startReplaying } from './support/cassette.ts'
import { bodyOf } from './support/conversation.ts'
import { startRules } from './support/scripted.ts'
import { postStream } from './support/wire.ts'

/** A model that works with files in the agent's folder, by parallel calls, and with a subagent. */
const model: Rule[] = [
  {
    match: { lastUserText: 'go' },
    respond: function* ({ answered, workingDirectory }) {
      if (answered === 0) {
        yield { thinking: 'A file first.' }
        yield { text: 'Two at once.' }
        const path = `${workingDirectory}/note.txt`
        yield { toolUse: { name: 'Write', input: { file_path: path, content: 'hello' } } }
        yield { toolUse: { name: 'Bash', input: { command: 'date; ls nothere' } } }
      } else if (answered === 1) {
        const input = { description: 'sub', prompt: 'subagent work', run_in_background: false }
        yield { toolUse: { name: 'Agent', input: { ...input, subagent_type: 'general-purpose' } } }
      } else yield { text: 'One failed.' }
    },
  },
  { match: { lastUserText: 'subagent' }, steps: [{ text: 'sub done' }] },
]

/** What a transcript says: the model's part to the letter, the rest without what changes from run to run. */
function transcriptOf(messages: readonly SDKMessage[], workspace: string) {
  const said = messages.flatMap((message) => {
    if (message.type === 'result') return [`result ${message.subtype === 'success' && message.result}`]
    if (message.type !== 'assistant') return [message.type]
    return [JSON.stringify(message.message.content).replaceAll(workspace, '<cwd>')]
  })
  // Parallel tools give their results in the order in which they end.
  const got = messages
    .filter(({ type }) => type === 'user')
    .map((message) =>
      JSON.stringify((message as { message: unknown }).message, (_name, value: unknown) =>
        typeof value === 'string' ? steadyText(value, workspace) : value,
      ),
    )
    .toSorted()
  return { said, got }
}

test(
  'an agent gets from the replay what it got from the API, in another folder too',
  { timeout: 300_000 },
  async () => {
    const cassette = await cassettePath()
    const api = await startRules(model)
    const recorder = await startRecording(api, cassette)
    const first = await createAgent(recorder, { ANTHROPIC_API_KEY: 'sk-planted-key-of-the-test' })
    const recorded = await collect(first.query('go'))
    await recorder.close()
    expect(recorder.failures).toEqual([])

    const replay = await startReplaying(cassette, { match: 'strict' })
    const second = await createAgent(replay)
    const replayed = await collect(second.query('go'))
    expect(replay.unmatched).toEqual([])
    expect(transcriptOf(replayed, second.workspace)).toEqual(transcriptOf(recorded, first.workspace))
    expect(await readFile(join(second.workspace, 'note.txt'), 'utf8')).toBe('hello')
    expect(resultOf(replayed)).toMatchObject({ result: 'One failed.' })
    replay.assertMatched({ all: true })

    const text = await readFile(cassette, 'utf8')
    expect(text).not.toContain('planted')
    expect(text).not.toContain(first.workspace)
    expect((await readCassette(cassette)).exchanges).toHaveLength(4)
  },
)

test(
  'a busy API, a title and a prompt that comes twice do not confuse a replay',
  { timeout: 300_000 },
  async () => {
    const cassette = await cassettePath()
    const api = await startRules([
      {
        match: { lastUserText: 'again' },
        times: 1,
        steps: [{ error: { status: 529, retryAfterSeconds: 0 } }],
      },
      { match: { lastUserText: 'again' }, times: 1, steps: [{ text: 'First answer.' }] },
      { match: { lastUserText: 'again' }, steps: [{ text: 'Second answer.' }] },
    ])
    const recorder = await startRecording(api, cassette)
    const converse = async (server: RunningServer) => {
      const agent = await createAgent(server, { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '' })
      const prompts = new Conversation(['again', 'again'])
      const results: unknown[] = []
      for await (const message of agent.query(prompts)) {
        if (message.type !== 'result') continue
        results.push(message.subtype === 'success' && message.result)
        prompts.next()
      }
      return results
    }
    expect(await converse(recorder)).toEqual(['First answer.', 'Second answer.'])
    await recorder.close()
    const replay = await startReplaying(cassette)
    expect(await converse(replay)).toEqual(['First answer.', 'Second answer.'])
    replay.assertMatched({ all: true })
  },
)

test(
  'an agent that asks something else ends its turn with the nearest recording and the difference',
  { timeout: 300_000 },
  async () => {
    const cassette = await cassettePath()
    const recorder = await startRecording(await startRules([{ steps: [{ text: 'yes' }] }]), cassette)
    await (await postStream(recorder, bodyOf('what I asked', { model: 'claude-opus-5-5' }))).text()
    await recorder.close()
    const replay = await startReplaying(cassette)
    const agent = await createAgent(replay)
    await expect(collect(agent.query('what I ask now'))).rejects.toThrow(
      'nearest is exchange 1, which differs in the text of the user',
    )
    expect(() => replay.assertMatched()).toThrow(expect.objectContaining({ code: 'unmatched_requests' }))
  },
)
