import type { MessagesBody, RecordedRequest, Respond, ScriptedClaude, Script, Step } from 'scripted-claude'
import { turnsOf } from '../../support/messages.ts'

type Request = RecordedRequest & { body: MessagesBody }

/** What the scripted model does at a prompt, by the prompt's first word; after the tools it says what they gave. */
const TOOLS: Record<string, (rest: string) => Step[]> = {
  // write f.txt: makes a file
  write: (name) => [use('Write', { file_path: name, content: 'written' })],
  // bash: echo 1
  bash: (command) => [use('Bash', { command })],
  // background: sleep 60
  background: (command) => [use('Bash', { command, run_in_background: true })],
  // ask: Which colour?
  ask: (text) => [use('AskUserQuestion', question(text))],
  // ask-twice: two questions in one message
  'ask-twice': (text) => [
    use('AskUserQuestion', question(`${text} first?`)),
    use('AskUserQuestion', question(`${text} second?`)),
  ],
  // ask-and-bash: echo 1
  'ask-and-bash': (command) => [use('AskUserQuestion', question('Beside a tool?')), use('Bash', { command })],
  // mcp: name, a tool without input
  mcp: (name) => [use(name, {})],
}

/** Never answers, streams for ever, or speaks a little before it hangs. */
const STREAMS: Record<string, Step[]> = {
  hang: [{ hang: true }],
  talk: [{ text: 'word ', repeat: 100_000, pace: { deltasPerSecond: 50 } }],
  huge: [{ text: 'x'.repeat(300_000), pace: { deltaSize: 100_000 } }],
  brief: [{ text: 'word ', repeat: 40, pace: { deltasPerSecond: 40 } }],
}

/** A model for all tests of sessions: does what the prompt's first word says, and says the rest again. */
export function model(): Script {
  const respond: Respond = (request) => {
    const [, word = '', rest = ''] = /^([\w-]+):\s*(.*)$/s.exec(request.lastUserText) ?? []
    const stream = STREAMS[word]
    if (stream !== undefined) return stream
    const { toolResults } = request
    if (toolResults.length > 0) return [{ text: `got: ${toolResults.map(({ text }) => text).join(' | ')}` }]
    return TOOLS[word]?.(rest) ?? [{ text: `echo: ${request.lastUserText}` }]
  }
  return { rules: [], fallback: respond }
}

function use(name: string, input: Record<string, unknown>): Step {
  return { toolUse: { name, input } }
}

export function question(text: string): { questions: object[] } {
  const options = ['Red', 'Blue'].map((label) => ({ label, description: `${label}, of course` }))
  return { questions: [{ question: text, header: 'Choice', options, multiSelect: false }] }
}

/** The requests of a conversation in which a text was said, tools and notes of the CLI included. */
export function requestsWith(claude: ScriptedClaude, text: string): Request[] {
  return turnsOf(claude).filter(({ body }) => heard(body).includes(text))
}

/** How often the model reads a text in its last request of a conversation, its own answers left out. */
export function timesHeard(claude: ScriptedClaude, text: string): number {
  const last = requestsWith(claude, text).at(-1)
  return last === undefined ? 0 : heard(last.body).split(text).length - 1
}

/** All that the model is told, its own words left out. */
export function heard({ messages }: MessagesBody): string {
  return JSON.stringify(messages.filter(({ role }) => role !== 'assistant'))
}

/** The texts that the model was given as the user's, one by one. */
export function userTexts({ messages }: MessagesBody): string[] {
  return messages.flatMap(({ role, content }) => {
    if (role !== 'user') return []
    if (typeof content === 'string') return [content]
    return content.flatMap((block) => ('text' in block && typeof block.text === 'string' ? [block.text] : []))
  })
}
