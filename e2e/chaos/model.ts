import {
  startScriptedClaude,
  type MessagesBody,
  type RecordedRequest,
  type ScriptedClaude,
  type ScriptedRequest,
  type Step,
} from 'scripted-claude'
import type { Journal } from './journal.ts'
import { idsIn, parseWish, type Wish } from './wish.ts'

/** What the model was asked in a conversation, as far as prompts go. */
export interface Asked {
  at: number
  kind: string | undefined
  outcome: string
  /** The prompts of the history, in its order. */
  prompts: string[]
}

/** A scripted model that does what prompts say, and keeps what it was told of each conversation. */
export class Model {
  /** By the name of the session. */
  readonly asked = new Map<string, Asked[]>()
  /** The last whole request of each session. */
  readonly last = new Map<string, MessagesBody>()
  readonly #journal: Journal
  #claude!: ScriptedClaude

  private constructor(journal: Journal) {
    this.#journal = journal
  }

  /** `tag` stands in every command, so that what was left running can be found. */
  static async start(journal: Journal, tag: string): Promise<Model> {
    const model = new Model(journal)
    model.#claude = await startScriptedClaude({
      script: { rules: [], fallback: (request) => answer(request, tag) },
      maxRecordedBytes: 16 * 1024 * 1024,
      onRequest: (request) => model.#hear(request),
    })
    return model
  }

  get url(): string {
    return this.#claude.url
  }

  close(): Promise<void> {
    return this.#claude.close()
  }

  #hear({ kind, body, at, outcome }: RecordedRequest): void {
    if (kind !== 'message' && kind !== 'notification') return
    const prompts = promptsIn(body as MessagesBody)
    const session = prompts[0]?.split('-')[0]
    this.#journal.count('modelRequests')
    if (session === undefined) return
    const asked = this.asked.get(session) ?? []
    asked.push({ at, kind, outcome, prompts })
    this.asked.set(session, asked)
    this.last.set(session, body as MessagesBody)
    const twice = prompts.filter((id, index) => prompts.indexOf(id) !== index)
    if (twice.length > 0)
      this.#journal.violate('the model saw a prompt twice in one history', { twice, prompts })
    const strangers = prompts.filter((id) => !id.startsWith(`${session}-`))
    if (strangers.length > 0)
      this.#journal.violate('prompts of several sessions in one history', { session, strangers })
  }
}

/** The prompts that stand in a history: as the user's words, or told to a turn that ran. */
function promptsIn({ messages }: MessagesBody): string[] {
  return messages.flatMap(({ role, content }) => {
    if (role === 'assistant') return []
    if (typeof content === 'string') return idsIn(content)
    return content.flatMap((block) => (block.type === 'text' ? idsIn(block.text ?? '') : []))
  })
}

/** Small counts, so that the CLI sees no reason to compact. */
const USAGE: Step = { usage: { input_tokens: 100, output_tokens: 10 } }

function answer(request: ScriptedRequest, tag: string): Step[] {
  const wish = parseWish(request.lastUserText)
  if (wish === undefined) return [USAGE, { text: 'Understood.' }]
  return [USAGE, ...ANSWERS[wish.wish](request, wish.size, tag)]
}

const ANSWERS: Record<Wish, (request: ScriptedRequest, size: number, tag: string) => Step[]> = {
  plain: (_, size) => [{ text: 'Plainly. '.repeat(size) }],
  tools: ({ toolResults: { length } }, size, tag) =>
    length < size
      ? [{ text: `Step ${length + 1}. ` }, bash(`echo step ${length}; sleep 0.${length}; : ${tag}`)]
      : [{ text: 'All steps are done.' }],
  parallel: ({ toolResults: { length } }, size, tag) =>
    length === 0
      ? [bash(`echo one; : ${tag}`), bash(`sleep 0.${size}; echo two; : ${tag}`)]
      : [{ text: 'Both are done.' }],
  stream: (_, size) => [{ text: 'word ', repeat: 60 * size, pace: { deltasPerSecond: 80 } }],
  burst: (_, size) => [{ text: 'w ', repeat: 3000 * size }],
  permission: ({ toolResults: { length } }, size, tag) =>
    length === 0 ? [bash(`touch permitted-${size}-${tag}`)] : [{ text: 'It was decided.' }],
  question: ({ toolResults: { length } }) => (length === 0 ? [QUESTION] : [{ text: 'I was told.' }]),
  background: ({ toolResults: { length } }, size, tag) =>
    length === 0
      ? [bash(`sleep ${size}; echo late; : ${tag}`, { run_in_background: true })]
      : [{ text: 'It runs in the background.' }],
  slow: ({ toolResults: { length } }, size, tag) =>
    length === 0 ? [bash(`sleep ${size}; echo slow; : ${tag}`)] : [{ text: 'That took a while.' }],
}

const QUESTION: Step = {
  toolUse: {
    name: 'AskUserQuestion',
    input: {
      questions: [
        {
          question: 'Which colour?',
          header: 'Colour',
          multiSelect: false,
          options: [
            { label: 'Red', description: 'As a rose' },
            { label: 'Blue', description: 'As the sea' },
          ],
        },
      ],
    },
  },
}

function bash(command: string, input: object = {}): Step {
  return {
    toolUse: { name: 'Bash', input: { command, description: 'A command of the chaos run', ...input } },
  }
}
