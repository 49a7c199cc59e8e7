import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { SessionRecord } from '../../src/session/record.ts'
import { SessionStore } from '../../src/session/store.ts'
import { temporaryFolder } from '../support.ts'

function recordOf(id: string, title: string): SessionRecord {
  return {
    id,
    title,
    metadata: {},
    options: {},
    hasSecrets: false,
    limits: {},
    askTimeoutMs: 0,
    interactive: true,
    isPlain: false,
    createdAt: 1,
    updatedAt: 1,
  }
}

describe('the store of sessions', () => {
  test('of records that are saved at once the last one is what is read', async () => {
    const folder = join(await temporaryFolder(), 'sessions')
    const store = await SessionStore.open(folder, {})
    const titles = Array.from({ length: 40 }, (_, index) => `title ${index}`)
    await Promise.all(titles.map((title, index) => store.save(recordOf('one', title), index % 2 === 0)))
    const [found] = await (await SessionStore.open(folder, {})).list()
    expect(found?.record.title).toBe('title 39')
  })

  test('a session that was removed is remembered as deleted, and its folder is gone', async () => {
    const folder = join(await temporaryFolder(), 'sessions')
    const store = await SessionStore.open(folder, {})
    await store.save(recordOf('one', 'a title'), true)
    store.markDeleted('one')
    await store.remove('one')
    const again = await SessionStore.open(folder, {})
    expect(await again.list()).toEqual([])
    expect(again.wasDeleted('one')).toBe(true)
  })

  test('what is no session does not disturb', async () => {
    const folder = join(await temporaryFolder(), 'sessions')
    const store = await SessionStore.open(folder, {})
    await store.save(recordOf('one', 'a title'), false)
    await store.openLog('without-a-record')
    expect((await store.list()).map(({ record }) => record.id)).toEqual(['one'])
  })
})
