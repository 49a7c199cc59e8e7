import { blocksOf } from '../request/body.ts'
import type { ScriptedRequest } from '../request/scripted-request.ts'
import { spokenTexts } from '../request/spoken-text.ts'
import type { Step } from './step.ts'

/** Answers what the CLI asks on its own account, so that scripts need not; `undefined` for the conversation itself. */
export function answerAuxiliary(request: ScriptedRequest): Step[] | undefined {
  switch (request.kind) {
    case 'message':
      return undefined
    case 'title':
      return [{ text: JSON.stringify({ title: titleOf(request.lastUserText) }) }]
    case 'summary':
      return [{ text: summaryOf(request) }]
    case 'notification':
      return [{ text: 'Noted.' }]
    case 'quota':
      return [{ text: 'ok' }, { stopReason: 'max_tokens' }]
  }
}

/** The first words of the session that is to be named. */
function titleOf(text: string): string {
  const session = /<session>([\s\S]*?)<\/session>/.exec(text)?.[1] ?? text
  const words = session.trim().split(/\s+/).slice(0, 5).join(' ')
  return words.slice(0, 60) || 'Scripted session'
}

/** What the user asked for so far, in the form that compaction wants. */
function summaryOf(request: ScriptedRequest): string {
  const prompts = request.body.messages
    .filter((message) => message.role === 'user' && blocksOf(message.content).length > 0)
    .flatMap(spokenTexts)
    .filter((text) => text !== request.lastUserText)
    .map((text) => `- ${text.slice(0, 200)}`)
  return [
    '<analysis>\nA scripted model does not analyse: the summary lists what was asked.\n</analysis>',
    `<summary>\nThe user asked, in this order:\n${prompts.join('\n') || '- nothing'}\n</summary>`,
  ].join('\n')
}
