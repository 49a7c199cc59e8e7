import { AgentServerError, type QueryConfig } from '@claude-agent/protocol'
import { expect } from 'vitest'
import { acceptConfig } from '../../src/policy/accept-config.ts'

/** The error that a body is refused with. Fails when it is accepted. */
export function refusalOf(body: unknown, stored: QueryConfig = {}): AgentServerError {
  try {
    acceptConfig(body, stored)
  } catch (error) {
    if (error instanceof AgentServerError) return error
    throw error
  }
  return expect.unreachable(`accepted: ${JSON.stringify(body)}`)
}
