import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { ClientUpstream, type ModelLine } from '../../src/agent/broker/client-upstream.ts'

/** A line that was alive so many milliseconds ago, and notes what it is asked. */
class NotedLine implements ModelLine {
  aliveAt: number
  checks = 0
  carried = 0

  constructor(agoMs: number) {
    this.aliveAt = performance.now() - agoMs
  }

  check(): void {
    this.checks += 1
  }

  carry(): void {
    this.carried += 1
  }
}

function createUpstream(): { upstream: ClientUpstream; ask: () => void } {
  const upstream = new ClientUpstream()
  const ends: (() => unknown)[] = []
  onTestFinished(() => ends.forEach((end) => end()))
  const ask = (): void => {
    const to = new EventEmitter()
    ends.push(() => to.emit('close'))
    upstream.forward(new EventEmitter() as unknown as IncomingMessage, to as unknown as ServerResponse)
  }
  return { upstream, ask }
}

test('of the lines that are parked the one that was alive last gets the request', () => {
  const { upstream, ask } = createUpstream()
  const lines = [new NotedLine(2000), new NotedLine(100), new NotedLine(1000)]
  for (const line of lines) upstream.park(line)
  ask()
  expect(lines.map(({ carried }) => carried)).toEqual([0, 1, 0])
  ask()
  expect(lines.map(({ carried }) => carried)).toEqual([0, 1, 1])
})

test('a line that was silent gets no request before it has given a sign of life', () => {
  const { upstream, ask } = createUpstream()
  const line = new NotedLine(60_000)
  upstream.park(line)
  ask()
  expect([line.checks > 0, line.carried]).toEqual([true, 0])
  line.aliveAt = performance.now()
  upstream.heard()
  expect(line.carried).toBe(1)
})

test('a line that has left gets nothing, and the request that waits goes to the one that comes', () => {
  const { upstream, ask } = createUpstream()
  const [gone, late] = [new NotedLine(0), new NotedLine(0)]
  upstream.park(gone)
  upstream.forget(gone)
  ask()
  upstream.park(late)
  expect([gone.carried, late.carried]).toEqual([0, 1])
})
