import type { Query } from '@anthropic-ai/claude-agent-sdk'

/** What becomes of one of the methods of the SDK's `Query`. */
export interface MethodPlace {
  over: 'works' | 'differs' | 'refused'
  /** In a sentence or two; empty for one that just works. */
  why: string
}

/** The methods of a query, but for those of the generator that it is. */
export type QueryMethod = Exclude<keyof Query, keyof AsyncGenerator | symbol>

const works: MethodPlace = { over: 'works', why: '' }
const differs = (why: string): MethodPlace => ({ over: 'differs', why })

const LASTS = 'Holds for the session, in later queries and processes too, until options are set.'

/** Every method of the SDK's query. A new one does not compile until it has its place here. */
export const QUERY_METHODS: Record<QueryMethod, MethodPlace> = {
  accountInfo: differs('Tells of the placeholder that the agent has instead of a key.'),
  applyFlagSettings: differs(LASTS),
  backgroundTasks: works,
  close: works,
  getContextUsage: works,
  initializationResult: works,
  interrupt: differs(
    '`still_queued` names the prompts of this query that wait, by the uuids that they came with.',
  ),
  mcpServerStatus: differs('Secrets of configurations read `[redacted]`.'),
  readFile: works,
  readMcpResource: works,
  reconnectMcpServer: works,
  reinitialize: {
    over: 'refused',
    why: 'Belongs to the SDK’s own line to its process; a connection that was lost is taken up again by itself.',
  },
  reloadOutputStyles: works,
  reloadPlugins: differs('Without `addPlugins`; the option `plugins` adds some.'),
  reloadSkills: works,
  rewindFiles: works,
  seedReadState: works,
  setMaxThinkingTokens: differs(LASTS),
  setMcpPermissionModeOverride: differs(LASTS),
  setMcpServers: differs(
    `${LASTS} Servers of this process (\`type: "sdk"\`) are served from the next turn on, and are not in the result.`,
  ),
  setModel: differs(LASTS),
  setPermissionMode: differs(LASTS),
  stopTask: works,
  streamInput: works,
  supportedAgents: works,
  supportedCommands: works,
  supportedModels: works,
  toggleMcpServer: differs(LASTS),
  updateSettings: works,
  usage_EXPERIMENTAL_MAY_CHANGE_DO_NOT_RELY_ON_THIS_API_YET: works,
}
