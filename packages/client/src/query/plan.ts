import type { McpSdkServerConfigWithInstance, Options } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError, type AskKind, type QueryConfig } from '@claude-agent/protocol'
import { readVariables } from '../environment.ts'
import { type OptionPlace, QUERY_OPTIONS } from './options.ts'

/** The callbacks by which an agent asks. */
export type Callbacks = Pick<Options, 'canUseTool' | 'onElicitation' | 'onUserDialog'>

/** What the options of a query come to. */
export interface QueryPlan {
  /** What the session is to have as options. */
  options: QueryConfig
  callbacks: Callbacks
  /** What is asked of this client; of all else the agent decides as the SDK does without that callback. */
  kinds: AskKind[]
  /** The MCP servers that run in this process. */
  servers: Record<string, McpSdkServerConfigWithInstance>
  /** Which session. */
  opening: Pick<Options, 'continue' | 'forkSession' | 'resume' | 'resumeSessionAt' | 'sessionId'>
  hooks: Options['hooks'] | undefined
  stderr: Options['stderr'] | undefined
  abortController: AbortController
}

const KINDS: Record<keyof Callbacks, AskKind> = {
  canUseTool: 'can_use_tool',
  onElicitation: 'elicitation',
  onUserDialog: 'dialog',
}

/** Places the options of a query. @throws AgentServerError `option_refused`, with the reason */
export function planQuery(options: Options): QueryPlan {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  for (const [name] of given) {
    const place = placeOf(name)
    if (place?.over === 'refused')
      throw refusal(`The option '${name}' has no place over the network. ${place.why}`)
  }
  const of = (by: OptionPlace['by']): Options =>
    Object.fromEntries(given.filter(([name]) => (placeOf(name)?.by ?? 'session') === by))
  const opening = of('opening')
  if (opening.resumeSessionAt !== undefined && opening.forkSession !== true)
    throw refusal(`The option 'resumeSessionAt' needs 'forkSession'. ${QUERY_OPTIONS.resumeSessionAt.why}`)
  const { abortController = new AbortController(), hooks, stderr, ...callbacks } = of('client')
  const { env, mcpServers = {}, ...rest } = of('session')
  const inherited = env === undefined ? {} : { env: withoutInherited(env) }
  const servers = Object.entries(mcpServers)
  const distant = servers.filter(([, server]) => !isHere(server))
  return {
    options: {
      ...rest,
      ...inherited,
      ...(distant.length === 0 ? {} : { mcpServers: Object.fromEntries(distant) }),
    },
    callbacks,
    kinds: Object.keys(callbacks).map((name) => KINDS[name as keyof Callbacks]),
    servers: Object.fromEntries(servers.filter(([, server]) => isHere(server))) as QueryPlan['servers'],
    opening,
    abortController,
    hooks,
    stderr,
  }
}

/** Whether an MCP server runs in this process. */
export function isHere(
  server: NonNullable<Options['mcpServers']>[string],
): server is McpSdkServerConfigWithInstance {
  return server.type === 'sdk'
}

function placeOf(name: string): OptionPlace | undefined {
  return Object.hasOwn(QUERY_OPTIONS, name) ? QUERY_OPTIONS[name as keyof Options] : undefined
}

/**
 * Who gives this process's environment, or most of it, means by it that the agent inherits.
 * What it inherits is the server's, so of such an environment only the rest is meant for the agent.
 */
function withoutInherited(env: NonNullable<Options['env']>): Record<string, string> {
  const own = Object.entries(readVariables())
  const copied = own.filter(([name, value]) => value !== undefined && env[name] === value)
  const inherits = copied.length > own.length / 2
  const isOwn = ([name, value]: [string, unknown]): boolean =>
    inherits && own.some(([known, text]) => known === name && text === value)
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && !isOwn(entry)),
  )
}

function refusal(message: string): AgentServerError {
  return new AgentServerError({
    code: 'option_refused',
    message,
    hint: 'docs/query.md has all options; leave this one out.',
  })
}
