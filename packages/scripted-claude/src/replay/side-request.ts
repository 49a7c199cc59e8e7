import type { RequestShape } from '../cassette/cassette.ts'

/**
 * Whether a client asks something beside the conversation: whether and when it does so changes from run to run and
 * between versions, and the answer changes nothing of what the agent does.
 */
export function isSideRequest({ kind, path }: RequestShape): boolean {
  return path !== '/v1/messages' || kind === 'title' || kind === 'quota'
}
