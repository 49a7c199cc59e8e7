import type { MessagesBody } from './body.ts'
import { textOf } from './body.ts'

const mention = /working directory(?: is)?: ?(\/.*?|[A-Za-z]:[\\/].*?)(?: \(was .*\))?$/gim

/** Where the agent works, by the last thing that the CLI said about it: it says so at first and after each `cd`. */
export function findWorkingDirectory(body: MessagesBody): string | undefined {
  for (const message of body.messages.toReversed()) {
    if (message.role === 'assistant') continue
    const text = textOf(message.content)
    const found = lastMention(message.role === 'system' ? text : remindersIn(text))
    if (found !== undefined) return found
  }
  return lastMention(textOf(body.system))
}

/** The parts of a user message that the client wrote, not the user. */
function remindersIn(text: string): string {
  return [...text.matchAll(/<system-reminder>[\s\S]*?<\/system-reminder>/g)]
    .map(([match]) => match)
    .join('\n')
}

/** The directory named last in a text. */
function lastMention(text: string): string | undefined {
  return [...text.matchAll(mention)].at(-1)?.[1]?.trim()
}
