import { readFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ScriptedClaudeError } from '../errors.ts'
import { parseScript } from './json-script.ts'
import type { Script } from './script.ts'

/**
 * Reads a script from a file: JSON, or a JavaScript module (`.js`, `.mjs`) whose default export is a script.
 * @throws ScriptedClaudeError `unreadable_script` or `invalid_script`
 */
export async function loadScript(path: string): Promise<Script> {
  if (['.js', '.mjs', '.ts', '.mts'].includes(extname(path))) return importScript(path)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => refuseFile(path, cause))
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    return refuseFile(path, cause)
  }
  return parseScript(value)
}

async function importScript(path: string): Promise<Script> {
  const url = pathToFileURL(resolve(path)).href
  const module = (await import(url).catch((cause: unknown) => refuseFile(path, cause))) as {
    default?: unknown
  }
  const script = module.default as Partial<Script> | undefined
  if (Array.isArray(script?.rules)) return script as Script
  throw new ScriptedClaudeError({
    code: 'invalid_script',
    message: `${path} has no script as its default export.`,
    hint: 'Write: export default { rules: [...] }',
  })
}

function refuseFile(path: string, cause: unknown): never {
  const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
  throw new ScriptedClaudeError({
    code: 'unreadable_script',
    message: `Cannot read the script ${path}: ${reason}`,
    hint: 'Give the path of a JSON file, or of a JavaScript module with a default export.',
    cause,
  })
}
