import type { ScriptedRequest, ToolResult } from '../request/scripted-request.ts'
import type { Step } from '../script/step.ts'

/** What the demo says about itself, before it does anything. */
export const notice = 'I am a scripted model, not Claude, but the tools are real.'

/** A call of a tool. */
export function call(name: string, input: Record<string, unknown>): Step {
  return { toolUse: { name, input } }
}

/** Says that tools are missing, if they are. */
export function refuseWithout(request: ScriptedRequest, tools: readonly string[]): Step[] | undefined {
  const missing = tools.filter((tool) => !request.tools.includes(tool))
  if (missing.length === 0) return undefined
  return [
    { text: `${notice} For this I need ${missing.join(' and ')}, which this session does not offer me.` },
  ]
}

/** The results of the turn, without those that only asked where we are. */
export function resultsOf(request: ScriptedRequest): ToolResult[] {
  return request.toolResults.filter((result) => !isPwd(result))
}

/** Asks the shell where we are, if the request does not say and nobody has asked yet. */
export function askDirectory(request: ScriptedRequest): Step[] | undefined {
  if (request.workingDirectory !== undefined || !request.tools.includes('Bash')) return undefined
  if (request.toolResults.some(isPwd)) return undefined
  return [{ text: `${notice} First I look where I am.` }, call('Bash', { command: 'pwd' })]
}

/** A file's absolute path; as it is, where nothing says where we are. */
export function absolutePath(request: ScriptedRequest, name: string): string {
  if (/^(?:[/~]|[A-Za-z]:[\\/])/.test(name)) return name
  const pwd = request.toolResults.find((result) => isPwd(result) && !result.isError)
  const directory = request.workingDirectory ?? pwd?.text.trim()
  if (directory === undefined || directory === '') return name
  return `${directory.replace(/\/$/, '')}/${name.replace(/^(?:\.\/)+/, '')}`
}

/** What a tool said, without the tags around its errors. */
export function saidBy(result: ToolResult): string {
  return result.text.replace(/<\/?tool_use_error>/g, '').trim()
}

/** A text as a fenced block, its fence longer than any in the text. */
export function fence(text: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length))
  const marks = '`'.repeat(longest + 1)
  return `${marks}\n${text}\n${marks}`
}

function isPwd(result: ToolResult): boolean {
  return result.tool === 'Bash' && result.input['command'] === 'pwd'
}
