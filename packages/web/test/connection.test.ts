import { AgentServerError, type ErrorCode } from '@claude-agent/protocol'
import { expect, test } from 'vitest'
import { describeFailure, describeLine } from '../src/conversation/connection.ts'
import { describeStatus } from '../src/view/status.ts'

const failure = (code: ErrorCode, retryAfterMs?: number) =>
  new AgentServerError({ code, message: code, retryAfterMs })

test('a server that cannot be reached is asked again by itself, later each time, never before it says', () => {
  const waits = [0, 1, 2, 10].map((failures) =>
    describeFailure(failure('connect_failed'), failures, false, 0),
  )
  expect(waits.map((wait) => wait.status === 'waiting' && wait.retryAtMs)).toEqual([1000, 2000, 4000, 15_000])
  const told = describeFailure(failure('too_many_connections', 60_000), 0, false, 1000)
  expect(told).toMatchObject({ status: 'waiting', retryAtMs: 61_000 })
})

test('a missing token is asked for, and a wrong one is called wrong, on the line of a session too', () => {
  for (const code of ['unauthorized', 'invalid_setting'] as const) {
    for (const hasToken of [false, true]) {
      const asked = { status: 'token_needed', refused: hasToken }
      expect(describeFailure(failure(code), 0, hasToken)).toEqual(asked)
      expect(describeLine({ status: 'closed', error: failure(code) }, hasToken)).toEqual(asked)
    }
  }
})

test('what no retry can help is not retried', () => {
  expect(describeFailure(failure('origin_refused'), 0, false)).toMatchObject({ status: 'failed' })
  const gone = { status: 'closed' as const, error: failure('session_deleted') }
  expect(describeLine(gone, false)).toMatchObject({ status: 'failed', error: { code: 'session_deleted' } })
})

test('while the client waits for its own retry, the page shows when it comes; then that it tries', () => {
  const error = failure('connect_failed')
  const waiting = describeLine({ status: 'reconnecting', error, retryInMs: 500 }, false, 1000)
  expect(waiting).toEqual({ status: 'waiting', error, retryAtMs: 1500 })
  expect(describeLine({ status: 'reconnecting', error }, false)).toEqual({ status: 'connecting', error })
  expect(describeLine({ status: 'closed' }, false)).toBeUndefined()
})

test('the status tells the connection first, then what the session does and how many come before it', () => {
  const label = (status: 'connected' | 'connecting', session: object) =>
    describeStatus({ status }, { status: undefined, position: undefined, ...session }).label
  expect(label('connecting', { status: 'running' })).toBe('Connecting…')
  expect(label('connected', {})).toBe('Connected')
  expect(label('connected', { status: 'idle' })).toBe('Idle')
  expect(label('connected', { status: 'queued' })).toBe('Queued')
  expect(label('connected', { status: 'queued', position: 0 })).toBe('Queued: next')
  expect(label('connected', { status: 'queued', position: 3 })).toBe('Queued: 3 before it')
  expect(label('connected', { status: 'requires_action' })).toBe('Needs an answer')
  expect(label('connected', { status: 'credentials_required' })).toBe('Credentials needed')
})
