import { onTestFinished } from 'vitest'
import type { Rule, ScriptedClaude, ScriptedClaudeOptions, Step } from '../../src/index.ts'
import { startScriptedClaude } from '../../src/index.ts'

/** A server of the test's own, closed when the test ends, however it ends. */
export async function start(options: ScriptedClaudeOptions = {}): Promise<ScriptedClaude> {
  const claude = await startScriptedClaude(options)
  onTestFinished(() => claude.close())
  return claude
}

/** A server with these rules. */
export function startRules(
  rules: readonly Rule[],
  options: ScriptedClaudeOptions = {},
): Promise<ScriptedClaude> {
  return start({ script: { rules }, ...options })
}

/** A server that answers everything with these steps. */
export function startSteps(
  steps: readonly Step[],
  options: ScriptedClaudeOptions = {},
): Promise<ScriptedClaude> {
  return start({ script: { rules: [], fallback: steps }, ...options })
}
