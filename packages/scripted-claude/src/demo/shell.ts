import type { ScriptedRequest } from '../request/scripted-request.ts'
import type { Step } from '../script/step.ts'
import { absolutePath, call, fence, notice, refuseWithout, saidBy } from './workspace.ts'

/** Lists a folder. */
export function listFiles(request: ScriptedRequest, wish: { folder: string }): Step[] {
  if (!request.tools.includes('Bash') && request.tools.includes('Glob')) return globFiles(request, wish)
  const where = wish.folder === '.' ? '' : ` -- ${quote(wish.folder)}`
  return runCommand(request, `ls -la${where}`, 'Here is what is there')
}

/** Runs a command and says what came of it. */
export function runCommand(request: ScriptedRequest, command: string, heading = 'It worked'): Step[] {
  const halt = refuseWithout(request, ['Bash'])
  if (halt !== undefined) return halt
  const result = request.toolResults.at(-1)
  if (result === undefined) {
    return [{ text: `${notice} I run \`${command}\`.` }, call('Bash', { command })]
  }
  const output = saidBy(result)
  if (result.isError) return [{ text: `The command failed:\n\n${fence(output)}` }]
  return [{ text: `${heading}:\n\n${fence(output)}` }]
}

/** Calls a tool in a way that must fail, and says what came back. */
export function failTool(request: ScriptedRequest): Step[] {
  const result = request.toolResults.at(-1)
  if (result !== undefined) {
    const outcome = result.isError ? 'As promised, the tool failed' : 'To my surprise the tool did not fail'
    return [{ text: `${outcome}. It said:\n\n${fence(saidBy(result))}` }]
  }
  const announcement = { text: `${notice} I call a tool that will fail.` }
  if (request.tools.includes('Bash')) {
    const command = 'echo "this command fails on purpose" >&2; exit 1'
    return [announcement, call('Bash', { command })]
  }
  const halt = refuseWithout(request, ['Read'])
  if (halt !== undefined) return halt
  return [announcement, call('Read', { file_path: absolutePath(request, 'no-such-file.txt') })]
}

/** Lists a folder without a shell. */
function globFiles(request: ScriptedRequest, wish: { folder: string }): Step[] {
  const result = request.toolResults.at(-1)
  if (result !== undefined) return [{ text: `The tool said:\n\n${fence(saidBy(result))}` }]
  const input = wish.folder === '.' ? { pattern: '*' } : { pattern: '*', path: wish.folder }
  return [{ text: `${notice} I look for files.` }, call('Glob', input)]
}

/** A word that the shell takes as it is. */
function quote(word: string): string {
  return /^[\w./@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
