import { AgentServerError, type QueryConfig } from '@claude-agent/protocol'
import { acceptConfig } from '../policy/accept-config.ts'
import { charactersOf } from './prompt-queue.ts'

/** Characters of the options of one session. */
const MAX_OPTIONS = 256 * 1024

/**
 * Options as the policy lets them through. They are kept in memory for every session.
 * @throws AgentServerError `invalid_config`, `option_refused`
 */
export function acceptOptions(options: QueryConfig, stored: QueryConfig): QueryConfig {
  const accepted = acceptConfig(options, stored)
  const size = charactersOf(accepted)
  if (size <= MAX_OPTIONS) return accepted
  throw new AgentServerError({
    code: 'invalid_config',
    message: `The options have ${size} characters; ${MAX_OPTIONS} are the limit.`,
    hint: 'Put long texts into files of the workspace.',
  })
}
