import type { InputMessage } from './body.ts'
import { blocksOf } from './body.ts'

const reminders = /<system-reminder>[\s\S]*?<\/system-reminder>/g

/** What the CLI writes in the user's place: notes on interrupts, and commands that ran without the model. */
const notes =
  /^\s*(?:\[Request interrupted by user|<(?:local-command-[a-z]+|command-(?:name|message|args)|bash-(?:input|stdout|stderr)|task-notification)>)/

/** What the CLI adds to a tool result when it goes on with a turn that had waited for its user. */
const resumption = 'Continue from where you left off.'

/** The texts of a user message in which the user speaks, without what the client mixed in. */
export function spokenTexts(message: InputMessage): string[] {
  const blocks = blocksOf(message.content)
  const isResult = blocks.some((block) => block.type === 'tool_result')
  return blocks
    .filter((block) => block.type === 'text')
    .map((block) => (block.text ?? '').replace(reminders, '').trim())
    .filter((text) => text !== '' && !notes.test(text) && !(isResult && text === resumption))
}
