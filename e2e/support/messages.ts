import type { MessagesBody, RecordedRequest, Respond, ScriptedClaude, Script } from 'scripted-claude'
import type { SdkMessage } from './frame.ts'

/** A prompt as the predecessor's README shows it. */
export function userMessage(text: string, fields: object = {}): object {
  return {
    type: 'user_message',
    data: { type: 'user', session_id: '', message: { role: 'user', content: text }, ...fields },
  }
}

/** The text of an assistant message. */
export function textOf({ message }: SdkMessage): string {
  return message.content.map((block) => block.text ?? '').join('')
}

/** What the model was asked in conversations, without what the CLI asks on its own account. */
export function turnsOf(claude: ScriptedClaude): (RecordedRequest & { body: MessagesBody })[] {
  return claude.requests.filter(({ kind }) => kind === 'message') as (RecordedRequest & {
    body: MessagesBody
  })[]
}

/** The text of a request's conversation, all in one. */
export function conversationOf(request: { body: MessagesBody }): string {
  return JSON.stringify(request.body.messages)
}

/** A model that says again what it was told. */
const echo: Respond = (request) => [{ text: `echo: ${request.lastUserText}` }]

/** A script of these rules, that says again what none of them fits. */
export function script(...rules: Script['rules']): Script {
  return { rules, fallback: echo }
}

/** A turn that runs one command and then says what the command printed. */
export function bash(prompt: string, command: string, input: object = {}): Script['rules'][number] {
  return {
    name: `bash: ${prompt}`,
    match: { lastUserText: { equals: prompt } },
    respond: ({ toolResult }) =>
      toolResult === undefined
        ? [{ toolUse: { name: 'Bash', input: { command, ...input } } }]
        : [{ text: `printed: ${toolResult.text}` }],
  }
}
