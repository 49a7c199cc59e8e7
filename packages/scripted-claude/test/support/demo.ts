import type { InputBlock, InputMessage, MessagesBody, ScriptedClaude } from '../../src/index.ts'
import { assistant, bodyOf, system, toolResult, toolsNamed, toolUse, user } from './conversation.ts'
import { start } from './scripted.ts'
import { ask } from './wire.ts'

/** The example prompt, to the letter. */
export const reversal =
  'Please read "input.txt", reverse its content, and save it to a new file named "output.txt"'

export const here = system('# Environment\n - Primary working directory: /some/space\n - Platform: linux')
const every = toolsNamed('Bash', 'Read', 'Write')

/** A tool round: the call, and what came of it. */
export interface Round {
  call: [name: string, input: Record<string, unknown>]
  result: string | InputBlock[]
  isError?: boolean
}

/** What the demo says to a prompt after the given rounds. */
export async function demo(
  prompt: string,
  rounds: readonly Round[] = [],
  more: {
    before?: InputMessage[]
    after?: InputMessage[]
    body?: Partial<MessagesBody>
    claude?: ScriptedClaude
  } = {},
): Promise<{ text: string; calls: { name: string; input: Record<string, unknown> }[]; thinking: string[] }> {
  const claude = more.claude ?? (await start())
  const messages = [
    ...(more.before ?? [here]),
    user(prompt),
    ...rounds.flatMap(({ call, result, isError }, index) => [
      assistant([toolUse(`toolu_${index}`, ...call)]),
      user([toolResult(`toolu_${index}`, result, isError)]),
    ]),
    ...(more.after ?? []),
  ]
  const answer = await ask(claude, bodyOf(messages, { tools: every, ...more.body }))
  const content = answer.content as {
    type: string
    text?: string
    thinking?: string
    name: string
    input: never
  }[]
  return {
    text: content.map((block) => block.text ?? '').join(''),
    calls: content.filter(({ type }) => type === 'tool_use').map(({ name, input }) => ({ name, input })),
    thinking: content.filter(({ type }) => type === 'thinking').map((block) => block.thinking ?? ''),
  }
}
