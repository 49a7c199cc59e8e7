import { QUERY_METHODS, type QueryMethod } from '../../packages/client/src/query/methods.ts'
import { describe, expect, test } from '../sessions/support/shared.ts'
import { onServer, said } from './support/sides.ts'

describe('the methods of a query', { timeout: 60_000 }, () => {
  test('are all there, and answer as in the SDK while the query runs', async ({ stage }) => {
    let proceed = (): void => {}
    const again = new Promise<void>((resolve) => (proceed = resolve))
    const query = onServer(stage)({
      prompt: (async function* () {
        yield* said('Hello')
        await again
        yield* said('Hello again')
      })(),
    })
    for (const method of Object.keys(QUERY_METHODS) as QueryMethod[])
      expect(query[method], method).toBeTypeOf('function')
    const models: unknown[] = []
    for await (const message of query) {
      if (message.type === 'system' && message.subtype === 'init') models.push(message.model)
      if (message.type !== 'result' || models.length > 1) continue
      expect(await query.supportedModels()).toContainEqual(expect.objectContaining({ value: 'default' }))
      expect((await query.supportedCommands()).length).toBeGreaterThan(0)
      expect(await query.initializationResult()).toHaveProperty('commands')
      expect(await query.mcpServerStatus()).toEqual([])
      expect(await query.getContextUsage({ detail: 'summary' })).toHaveProperty('totalTokens')
      expect(await query.readFile('no-such-file')).toBeNull()
      expect(await query.setPermissionMode('acceptEdits')).toBeUndefined()
      expect(await query.setModel('claude-other')).toBeUndefined()
      await expect(query.setPermissionMode('wrong' as never)).rejects.toThrow()
      await expect(query.reinitialize()).rejects.toMatchObject({ code: 'call_refused' })
      proceed()
    }
    expect(models[1]).toBe('claude-other')
  })

  test('`interrupt()` says what still waits, by the uuids of the caller', async ({ stage }) => {
    const waiting = '00000000-0000-4000-8000-00000000000b'
    const query = onServer(stage)({
      prompt: said('talk: for long', { text: 'Hello', uuid: waiting }),
      options: { includePartialMessages: true },
    })
    const results: string[] = []
    let receipt: unknown
    for await (const message of query) {
      if (message.type === 'stream_event' && receipt === undefined) receipt = await query.interrupt()
      if (message.type === 'result') results.push(message.subtype)
    }
    expect(receipt).toEqual({ still_queued: [waiting] })
    expect(results).toEqual(['error_during_execution', 'success'])
  })

  test('`streamInput()` hands in more', async ({ stage }) => {
    let proceed = (): void => {}
    const later = new Promise<void>((resolve) => (proceed = resolve))
    const query = onServer(stage)({
      prompt: (async function* () {
        yield* said('one')
        await later
      })(),
    })
    const results: string[] = []
    for await (const message of query) {
      if (message.type !== 'result' || message.subtype !== 'success') continue
      results.push(message.result)
      if (results.length === 1) void query.streamInput(said('two')).then(proceed)
    }
    expect(results).toEqual(['echo: one', 'echo: two'])
  })
})
