import { setTimeout as delay } from 'node:timers/promises'
import type { AgentServerError } from '@claude-agent/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { AgentProcess } from '../../src/agent/agent-process.ts'
import { Scope } from '../../src/agent/supervision/scope.ts'
import { Asks } from '../../src/stdio/asks.ts'
import { DrivenProcess, type Controller } from '../../src/stdio/driven-process.ts'
import { Exchange } from '../../src/stdio/exchange.ts'
import { Prompts } from '../../src/stdio/prompts.ts'
import { until } from '../support.ts'

/** A program that writes numbered lines of 1 KB, as fast as they are read. */
const LINES = 4000
const PROGRAM = `
const { once } = require('node:events')
;(async () => {
  for (let n = 0; n < ${LINES}; n += 1) {
    const line = JSON.stringify({ type: 'counted', n, filler: 'x'.repeat(1000) }) + '\\n'
    if (!process.stdout.write(line)) await once(process.stdout, 'drain')
  }
})()
`

function start(): { driven: DrivenProcess; heard: () => number } {
  let messages = 0
  const driven = new DrivenProcess({
    name: 'a-name-of-a-process',
    start: (onStderr) =>
      new AgentProcess(
        {
          command: process.execPath,
          args: ['-e', PROGRAM],
          env: {},
          signal: new AbortController().signal,
        },
        new Scope(`test-${process.pid}-${Math.random()}/`),
        onStderr,
      ),
    maxLineBytes: 1024 * 1024,
    room: async () => {},
    onStderr: () => {},
    onEnded: () => {},
    controllerTimeoutMs: 60_000,
    onForgotten: () => {},
    exchange: (parts) =>
      new Exchange({
        ...parts,
        prompts: new Prompts(
          () => {},
          () => false,
        ),
        asks: new Asks(() => {}),
        initialize: {},
        maxLineBytes: 1024 * 1024,
        sdkSessionId: () => '',
        prohibition: () => undefined,
        onMessage: () => (messages += 1),
        onChange: () => {},
      }),
  })
  onTestFinished(() => driven.stop())
  return { driven, heard: () => messages }
}

class Reader implements Controller {
  readonly chunks: Buffer[] = []
  exit: number | undefined
  error: AgentServerError | undefined
  hasLeft = false

  get bytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  }

  write(bytes: Buffer): void {
    this.chunks.push(bytes)
  }

  exited(_: unknown, bytes: number): void {
    this.exit = bytes
  }

  took(): void {}
  stderr(): void {}

  failed(error: AgentServerError): void {
    this.error = error
  }

  left(): void {
    this.hasLeft = true
  }
}

test('an agent whose controller reads nothing is held back, and goes on where it was', async () => {
  const { driven, heard } = start()
  const slow = new Reader()
  driven.attach(slow, 0)
  await until('it is held back', () => slow.bytes > 1024 * 1024)
  await delay(500)
  expect(slow.bytes).toBeLessThan(1.5 * 1024 * 1024)
  expect(heard()).toBeLessThan(LINES / 2)

  // The line breaks with half of that on its way; the next one has the rest, each byte once.
  const known = Buffer.concat(slow.chunks).subarray(0, 700_001)
  const next = new Reader()
  expect(driven.attach(next, known.length)).toBe(true)
  expect(slow.hasLeft).toBe(true)
  await until('all is there', () => {
    driven.acknowledge(known.length + next.bytes)
    return next.exit !== undefined
  })
  const lines = Buffer.concat([known, ...next.chunks])
    .toString('utf8')
    .trimEnd()
    .split('\n')
  expect(lines.map((line) => (JSON.parse(line) as { n: number }).n)).toEqual(
    Array.from({ length: LINES }, (_, n) => n),
  )
  expect(next.exit).toBe(known.length + next.bytes)
  expect(driven.attach(new Reader(), 0)).toBe(false)
})

test('an agent that is ended while nobody reads does not wait for anybody', async () => {
  const { driven, heard } = start()
  await until('it writes', () => heard() > 1000)
  await driven.stop()
  expect(driven.isAlive).toBe(false)
})

test('a frame of nothing but lines keeps nobody else waiting', async () => {
  const { driven } = start()
  driven.receive(Buffer.from('\n'.repeat(1_000_000)))
  expect(driven.intake).toMatchObject({ received: 1_000_000, taken: 0 })
  await until('they were looked at', () => driven.intake.taken === 1_000_000)
})

test('who asks for nothing but errors and reads none of them loses the process: they are not kept for ever', async () => {
  const { driven } = start()
  const reader = new Reader()
  driven.attach(reader, 0)
  driven.receive(Buffer.from('{}\n'.repeat(1_000_000)))
  await until('it is over', () => reader.error !== undefined)
  expect(reader.error).toMatchObject({ code: 'process_gone' })
  expect(reader.bytes).toBeLessThan(16 * 1024 * 1024)
  await driven.ended
})

test('an agent that is held back hears what its controller says', async () => {
  const { driven } = start()
  const reader = new Reader()
  driven.attach(reader, 0)
  await until('it is held back', () => reader.bytes > 1024 * 1024)
  driven.receive(Buffer.from('{"type":"keep_alive"}\n'))
  expect(driven.intake.taken).toBe(22)
  expect(driven.intake.isFull).toBe(false)
  driven.detach(reader)
})
