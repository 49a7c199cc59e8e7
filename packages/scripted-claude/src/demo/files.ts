import { textOf } from '../request/body.ts'
import type { ScriptedRequest, ToolResult } from '../request/scripted-request.ts'
import type { Step } from '../script/step.ts'
import { contentOfRead, reverseText } from '../script/read-result.ts'
import {
  absolutePath,
  askDirectory,
  call,
  fence,
  notice,
  refuseWithout,
  resultsOf,
  saidBy,
} from './workspace.ts'

/** Reads a file, writes it backwards to another. */
export function reverseFile(request: ScriptedRequest, wish: { source: string; target: string }): Step[] {
  const halt = refuseWithout(request, ['Read', 'Write']) ?? askDirectory(request)
  if (halt !== undefined) return halt
  const source = absolutePath(request, wish.source)
  const read = resultsOf(request).find((result) => result.tool === 'Read')
  if (read === undefined) {
    return [{ text: `${notice} I read ${wish.source}.` }, call('Read', { file_path: source })]
  }
  const problem = problemOf(request, read)
  if (problem !== undefined)
    return [{ text: `I could not read ${wish.source}, so I wrote nothing. ${problem}` }]
  const content = reverseText(contentOfRead(read.text))
  return writeFile(request, { name: wish.target, content }, 'Now I write it backwards', 1)
}

/** Writes a file; one that was there before is read first where the tool wants that. */
export function writeFile(
  request: ScriptedRequest,
  wish: { name: string; content: string },
  announcement = `${notice} I write the file`,
  readsBefore = 0,
): Step[] {
  const halt = refuseWithout(request, ['Write']) ?? askDirectory(request)
  if (halt !== undefined) return halt
  const path = absolutePath(request, wish.name)
  const write = call('Write', { file_path: path, content: wish.content })
  const results = resultsOf(request).slice(readsBefore)
  const writes = results.filter((result) => result.tool === 'Write')
  const last = results.at(-1)
  if (last === undefined) return [{ text: `${announcement} to ${wish.name}.` }, write]
  if (last.tool === 'Read') return [write]
  if (!last.isError) {
    const count = Array.from(wish.content).length
    return [{ text: `Done: I wrote ${count} characters to ${wish.name}. (${path})` }]
  }
  const wantsRead = /read it first|not been read/i.test(last.text)
  if (wantsRead && writes.length === 1 && request.tools.includes('Read')) {
    return [{ text: `${wish.name} is there already; I read it first.` }, call('Read', { file_path: path })]
  }
  return [{ text: `I could not write ${wish.name}. The tool said:\n\n${fence(saidBy(last))}` }]
}

/** Reads a file and shows it. */
export function showFile(request: ScriptedRequest, wish: { name: string }): Step[] {
  const halt = refuseWithout(request, ['Read']) ?? askDirectory(request)
  if (halt !== undefined) return halt
  const read = resultsOf(request).at(-1)
  if (read === undefined) {
    const path = absolutePath(request, wish.name)
    return [{ text: `${notice} I read ${wish.name}.` }, call('Read', { file_path: path })]
  }
  const problem = problemOf(request, read)
  if (problem !== undefined) return [{ text: `I could not read ${wish.name} whole. ${problem}` }]
  const content = contentOfRead(read.text)
  return [{ text: content === '' ? `${wish.name} is empty.` : `${wish.name} says:\n\n${fence(content)}` }]
}

/** Why a file was not read whole, in words; `undefined` if it was. */
function problemOf(request: ScriptedRequest, read: ToolResult): string | undefined {
  if (read.isError) return `The tool said:\n\n${fence(saidBy(read))}`
  const notes = request.body.messages
    .filter((message) => message.role === 'system')
    .map((message) => textOf(message.content))
  const path = String(read.input['file_path'])
  if (notes.some((note) => note.includes('PARTIAL view') && note.includes(path))) {
    return 'It is so large that the tool shows a part of it only.'
  }
  return read.text === '' ? 'It holds no text.' : undefined
}
