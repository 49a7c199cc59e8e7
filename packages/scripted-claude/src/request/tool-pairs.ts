import { invalidRequest } from '../errors.ts'
import type { InputMessage } from './body.ts'
import { blocksOf } from './body.ts'

/** The tool calls and results of consecutive messages of one role, which the API reads as one. */
interface Stretch {
  index: number
  role: 'user' | 'assistant'
  calls: string[]
  results: string[]
}

/** Holds a conversation to the API's rule: each tool call is answered in the next message, and nothing else is. */
export function checkToolPairs(messages: readonly InputMessage[]): void {
  const stretches = stretchesOf(messages)
  for (const [place, stretch] of stretches.entries()) {
    const answered = stretches[place + 1]?.results ?? []
    const open = stretch.calls.filter((id) => !answered.includes(id))
    if (open.length > 0 && stretch.role === 'assistant') {
      throw invalidRequest(
        `messages.${stretch.index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ` +
          `${open.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      )
    }
    const called = stretches[place - 1]?.calls ?? []
    const stray = stretch.results.find((id) => !called.includes(id))
    if (stray !== undefined) {
      throw invalidRequest(
        `messages.${stretch.index}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}. ` +
          'Each `tool_result` block must have a corresponding `tool_use` block in the previous message.',
      )
    }
  }
}

function stretchesOf(messages: readonly InputMessage[]): Stretch[] {
  const stretches: Stretch[] = []
  for (const [index, message] of messages.entries()) {
    if (message.role === 'system') continue
    let stretch = stretches.at(-1)
    if (stretch?.role !== message.role) {
      stretch = { index, role: message.role, calls: [], results: [] }
      stretches.push(stretch)
    }
    for (const block of blocksOf(message.content)) {
      if (block.type === 'tool_use') stretch.calls.push(block.id ?? '')
      if (block.type === 'tool_result') stretch.results.push(block.tool_use_id ?? '')
    }
  }
  return stretches
}
