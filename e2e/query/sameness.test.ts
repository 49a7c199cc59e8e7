import type { Options, Query, SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { describe, expect, test } from '../sessions/support/shared.ts'
import { alone, onServer, type Prompt, said, tell } from './support/sides.ts'

const FREE: Options = { permissionMode: 'bypassPermissions', allowDangerouslySkipPermissions: true }
const UUID = '00000000-0000-4000-8000-000000000001'

interface Program {
  prompt: () => Prompt
  options?: () => Options
  act?: (message: SDKMessage, query: Query) => unknown
}

const text = (prompt: string, options?: () => Options): Program => ({
  prompt: () => prompt,
  ...(options === undefined ? {} : { options }),
})

const isInit = (message: SDKMessage): boolean => message.type === 'system' && message.subtype === 'init'

/** Answers each question with the second label. */
const answering: Options['canUseTool'] = async (_name, input) => {
  const { questions = [] } = input as { questions?: { question: string; options: { label: string }[] }[] }
  const answers = Object.fromEntries(
    questions.map(({ question, options }) => [question, options[1]?.label ?? '']),
  )
  return { behavior: 'allow', updatedInput: { ...input, ...(questions.length === 0 ? {} : { answers }) } }
}

const programs: Record<string, Program> = {
  'a text': text('Hello'),
  'a message with a uuid of the caller’s': { prompt: () => said({ text: 'Hello', uuid: UUID }) },
  'no message at all': { prompt: () => said() },
  'a tool that nobody can allow': text('write: /tmp/never.txt'),
  'a tool whose callback throws': text('write: /tmp/never.txt', () => ({
    canUseTool: async () => {
      throw new Error('a fault of the program')
    },
  })),
  'a tool whose callback refuses and interrupts': text('write: /tmp/never.txt', () => ({
    canUseTool: async () => ({ behavior: 'deny', message: 'Stop.', interrupt: true }),
  })),
  'a question to the user': text('ask: Which colour?', () => ({ canUseTool: answering })),
  'work in the background, and the turn that takes it up': text('background: sleep 3', () => FREE),
  'a limit of turns': text('bash: echo 1', () => ({ ...FREE, maxTurns: 1 })),
  'parts of messages': text('Hello', () => ({ includePartialMessages: true })),
  'an interrupt': {
    prompt: () => 'hang',
    act: (message, query) =>
      isInit(message) ? void setTimeout(() => void query.interrupt(), 300) : undefined,
  },
  'a close': {
    prompt: () => 'hang: for ever',
    act: (message, query) => (isInit(message) ? query.close() : undefined),
  },
  'prompts that throw': {
    prompt: () =>
      (async function* () {
        yield* said()
        throw new Error('a fault of the program')
      })(),
  },
}

describe('a program gets the same messages and the same end from a server as from the SDK alone', () => {
  for (const [name, { prompt, options, act }] of Object.entries(programs)) {
    test(`with ${name}`, async ({ stage, world }) => {
      const sides = [onServer(stage), await alone(stage, world)]
      const [there, here] = await Promise.all(
        sides.map((query) =>
          tell(query({ prompt: prompt(), ...(options === undefined ? {} : { options: options() }) }), act),
        ),
      )
      expect(there).toMatchObject({ lines: here!.lines, end: here!.end })
    })
  }
})
