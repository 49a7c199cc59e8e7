import type { Options, Query } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError } from '@claude-agent/protocol'
import { connect } from '../session/server.ts'
import type { ServerOptions } from '../session/types.ts'
import type { Prompt } from './prompts.ts'

/** Where a query runs. */
export type RemoteOptions = ServerOptions & {
  /** The id of a session that exists. @default a session of its own, or the one of `resume` or `continue` */
  session?: string | undefined
}

/** The SDK's options, and where the server is. */
export type RemoteQueryOptions = Options & { remote: RemoteOptions }

/**
 * The SDK's `query()`, of an agent on a server: the same messages, and every callback in this process. docs/query.md says
 * what differs.
 * @throws AgentServerError `option_refused`, `invalid_setting`; what the server says comes through the iteration
 */
export function query({ prompt, options }: { prompt: Prompt; options: RemoteQueryOptions }): Query {
  if (typeof options?.remote !== 'object') {
    throw new AgentServerError({
      code: 'invalid_setting',
      message: 'The option `remote` is missing: a query() of @claude-agent/client needs a server.',
      hint: 'Give `remote: {url, token}`.',
    })
  }
  const { remote, ...rest } = options
  const { session, ...server } = remote
  return connect(server).query({ prompt, options: rest, session })
}
