import type { Options, Query } from '@anthropic-ai/claude-agent-sdk'
import { CALLS } from '../../../packages/server/src/policy/calls.ts'
import { OPTIONS } from '../../../packages/server/src/policy/options.ts'
import { differs, works, type Verdict } from './verdict.ts'

const HANDED = 'Give it to `remoteProcess()`: what the SDK has for its process stays on this machine.'
const PROGRAM = 'Not looked at: the server runs the Claude Code that came with it.'
const DELIVERY = 'Not looked at: the server has its own way to tell Claude Code.'

/** Options with which the SDK itself does something, or `remoteProcess()`, before the server's policy sees any. */
const ON_THIS_SIDE: Partial<Record<keyof Options, Verdict>> = {
  abortController: works,
  allowDangerouslySkipPermissions: works,
  canUseTool: works,
  continue: differs('The conversation of the session that `remoteProcess()` names.'),
  cwd: differs('Not looked at: the agent works in the workspace of the server.'),
  debug: differs('Not looked at: a debug log would hold whole requests.'),
  env: differs(HANDED),
  executable: differs(PROGRAM),
  executableArgs: differs(PROGRAM),
  hooks: works,
  loadTimeoutMs: differs('Belongs to `sessionStore`.'),
  mcpServers: differs(
    'Servers of this process (`type: "sdk"`) run here. Others are started and reached by the agent, from where it is.',
  ),
  mcpServersDelivery: differs(DELIVERY),
  onElicitation: works,
  onUserDialog: works,
  pathToClaudeCodeExecutable: differs(PROGRAM),
  pluginDelivery: differs(DELIVERY),
  resume: works,
  sessionId: works,
  sessionStoreFlush: differs('Belongs to `sessionStore`.'),
  settings: differs('An object; a path would be one of the server.'),
  settingSources: differs('Of the workspace and of the agent’s home on the server.'),
  spawnClaudeCodeProcess: differs('Taken: it is `remoteProcess()`.'),
  stderr: differs(HANDED),
}

/** What becomes of an option of the official SDK over `remoteProcess()`. */
export function optionOverStdio(name: keyof Options): Verdict {
  const own = ON_THIS_SIDE[name]
  if (own !== undefined) return own
  const rule = OPTIONS[name]
  return rule.set === 'remote' ? works : { over: 'refused', why: rule.why }
}

type Method = keyof typeof CALLS & keyof Query

/** Methods that are the SDK's own, or that the policy bends. */
const METHODS: Partial<Record<Method, Verdict>> = {
  accountInfo: differs('Tells of the placeholder that the agent has instead of a key.'),
  close: works,
  interrupt: works,
  mcpServerStatus: differs('Secrets of configurations read `[redacted]`.'),
  reinitialize: works,
  reloadPlugins: differs('Without `addPlugins`; the option `plugins` adds some.'),
  streamInput: works,
}

/** What becomes of a method of its query. */
export function methodOverStdio(name: Method): Verdict {
  const own = METHODS[name]
  if (own !== undefined) return own
  const rule = CALLS[name]
  return rule.call === 'remote' ? works : { over: 'refused', why: rule.why }
}
