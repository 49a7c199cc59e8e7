import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { CLOSE_CODES, ERRORS, PROTOCOL_VERSION, type ErrorKind } from '../src/index.ts'
import { modelUp, plainUp, processUp, sessionUp } from '../src/schema.ts'

const read = (path: string): Promise<string> => readFile(new URL(`../../../${path}`, import.meta.url), 'utf8')

/** The cells of the rows of every table in a document, by the first cell. */
async function readRows(path: string): Promise<Map<string, string[]>> {
  const lines = (await read(path)).split('\n').filter((line) => line.startsWith('| '))
  const rows = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  return new Map(rows.map(([first = '', ...rest]) => [first.replaceAll('`', ''), rest]))
}

/** The tests of the product, as text. */
async function readTests(): Promise<string> {
  const folders = ['e2e', 'packages/server/test', 'packages/client/test'].map(
    (path) => new URL(`../../../${path}/`, import.meta.url),
  )
  const names = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(folder, { recursive: true }))
        .filter((name) => name.endsWith('.test.ts'))
        .map((name) => new URL(name, folder)),
    ),
  )
  return (await Promise.all(names.flat().map((url) => readFile(url, 'utf8')))).join('\n')
}

describe('docs/errors.md', () => {
  test.each(Object.entries(ERRORS) as [string, ErrorKind][])(
    'says of %s what the catalogue says',
    async (code, kind) => {
      const row = (await readRows('docs/errors.md')).get(code)
      expect(row?.slice(0, 3)).toEqual([
        String(kind.status),
        kind.close === undefined ? '' : String(kind.close),
        kind.retry ? 'yes' : 'no',
      ])
      expect(row?.[3]?.length).toBeGreaterThan(15)
    },
  )

  test('has no code that does not exist', async () => {
    const codes = [...(await readRows('docs/errors.md')).keys()].filter(
      (code) => /^[a-z_]+$/.test(code) && code !== 'code',
    )
    expect(codes.filter((code) => !Object.hasOwn(ERRORS, code))).toEqual([])
  })
})

describe('PROTOCOL.md', () => {
  test('has a heading for every message that a client may send, and no other', async () => {
    const headings = [...(await read('PROTOCOL.md')).matchAll(/^### Up: `(\w+)`$/gm)].map(([, type]) => type)
    expect(headings.toSorted()).toEqual(
      Object.keys({ ...plainUp, ...sessionUp, ...modelUp, ...processUp }).toSorted(),
    )
  })

  test('has a heading for every message that a server sends, and no other', async () => {
    const source = await read('packages/protocol/src/down.ts')
    const types = [...source.matchAll(/^ {2}type: '(\w+)'$/gm)].map(([, type]) => type)
    const headings = [...(await read('PROTOCOL.md')).matchAll(/^### Down: `(\w+)`$/gm)].map(
      ([, type]) => type,
    )
    expect(headings.toSorted()).toEqual([...new Set(types)].toSorted())
  })

  test('has a row for every event, and no other', async () => {
    const source = await read('packages/protocol/src/event.ts')
    const types = [...source.matchAll(/^ {2}type: '(\w+)'$/gm)].map(([, type]) => type)
    const text = await read('PROTOCOL.md')
    const table = text.slice(text.indexOf('## Events'), text.indexOf('## Delivery'))
    const rows = [...table.matchAll(/^\| `(\w+)` /gm)].map(([, type]) => type)
    expect(rows.toSorted()).toEqual([...new Set(types)].toSorted())
  })

  test('has under "Delivery" no sentence without a test that bears its name', async () => {
    const text = await read('PROTOCOL.md')
    const delivery = text.slice(text.indexOf('## Delivery'), text.indexOf('## Watching'))
    const bullets = delivery.split(/^- /m).slice(1)
    const sentences = bullets.map((bullet) =>
      bullet.split('\n\n')[0]!.replaceAll(/\s+/g, ' ').trim().slice(0, -1),
    )
    expect(sentences.length).toBeGreaterThan(20)
    const tests = (await readTests()).replaceAll('\\`', '`')
    expect(sentences.filter((sentence) => !tests.includes(sentence))).toEqual([])
  })

  test('lists every close code of ours with whether to reconnect', async () => {
    const rows = await readRows('PROTOCOL.md')
    for (const [code, { name, retry }] of Object.entries(CLOSE_CODES)) {
      expect(rows.get(code)?.[0], code).toContain(name)
      expect(rows.get(code)?.[1], code).toMatch(retry ? /^yes/ : /^no/)
    }
  })

  test('is of the version that the package has, with a line in its history', async () => {
    expect(await read('PROTOCOL.md')).toContain(`Version ${PROTOCOL_VERSION}. `)
    expect((await readRows('PROTOCOL.md')).has(String(PROTOCOL_VERSION))).toBe(true)
  })
})
