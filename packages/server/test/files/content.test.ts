import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openContent } from '../../src/files/content.ts'
import { checkPrecondition, includes } from '../../src/files/precondition.ts'
import { Workspace } from '../../src/files/workspace.ts'
import { temporaryFolder } from '../support.ts'
import { findOpen } from './file-server.ts'

async function openText(text: string) {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'text'), text)
  const content = await openContent(await Workspace.open(folder), 'text')
  return { folder, content }
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<string> {
  return await new Response(stream).text()
}

describe('open content', () => {
  test.each([
    [0, 10, '0123456789'],
    [0, 0, ''],
    [3, 4, '3'],
    [9, 10, '9'],
  ])('is read from %i up to but not including %i', async (start, end, expected) => {
    const { folder, content } = await openText('0123456789')
    expect(content.size).toBe(10)
    expect(await readAll(content.read(start, end))).toBe(expected)
    if (process.platform === 'linux') expect(await findOpen(folder)).toEqual([])
  })

  test('is read in chunks, and only as it is asked for', async () => {
    const { content } = await openText('x'.repeat(1_000_000))
    const reader = content.read(0, content.size).getReader()
    let size = 0
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      expect(part.value.length).toBeLessThanOrEqual(256 * 1024)
      size += part.value.length
    }
    expect(size).toBe(1_000_000)
  })

  test.runIf(process.platform === 'linux')(
    'is closed when its reading is cancelled, or at once',
    async () => {
      const { folder, content } = await openText('x'.repeat(1_000_000))
      expect(await findOpen(folder)).toHaveLength(1)
      const reader = content.read(0, content.size).getReader()
      await reader.read()
      await reader.cancel()
      expect(await findOpen(folder)).toEqual([])
      const other = await openText('x')
      await other.content.close()
      expect(await findOpen(other.folder)).toEqual([])
    },
  )

  test('that was promised longer than it is breaks instead of ending', async () => {
    const { folder, content } = await openText('short')
    await expect(readAll(content.read(0, 100))).rejects.toThrow('shorter')
    if (process.platform === 'linux') expect(await findOpen(folder)).toEqual([])
  })
})

describe('a precondition', () => {
  const holds = (
    condition: Parameters<typeof checkPrecondition>[0],
    version: string | undefined,
  ): boolean => {
    try {
      checkPrecondition(condition, version, 'x')
      return true
    } catch (error) {
      expect(error).toMatchObject({ code: 'precondition_failed' })
      return false
    }
  }

  test.each([
    [{}, 'a', true],
    [{}, undefined, true],
    [{ matches: 'any' }, 'a', true],
    [{ matches: 'any' }, undefined, false],
    [{ matches: ['a', 'b'] }, 'b', true],
    [{ matches: ['a', 'b'] }, 'c', false],
    [{ matches: ['a'] }, undefined, false],
    [{ matches: [] }, 'a', false],
    [{ differs: 'any' }, undefined, true],
    [{ differs: 'any' }, 'a', false],
    [{ differs: ['a'] }, 'a', false],
    [{ differs: ['a'] }, 'b', true],
    [{ matches: ['a'], differs: ['b'] }, 'a', true],
  ] as const)('%j against version %j: %s', (condition, version, expected) => {
    expect(holds(condition, version)).toBe(expected)
  })

  test('tells the version that is there', () => {
    expect(() => checkPrecondition({ matches: ['old'] }, 'new', 'x.txt')).toThrow(/"x\.txt".*"new"/)
    expect(() => checkPrecondition({ matches: 'any' }, undefined, 'x.txt')).toThrow('does not exist')
  })

  test('of any version includes none only when nothing is there', () => {
    expect(includes('any', 'a')).toBe(true)
    expect(includes('any', undefined)).toBe(false)
  })
})
