import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HOOK_EVENTS } from '@anthropic-ai/claude-agent-sdk'
import { expect, test } from 'vitest'
import { QUERY_METHODS } from '../../packages/client/src/query/methods.ts'
import { QUERY_OPTIONS } from '../../packages/client/src/query/options.ts'
import { page } from './table/page.ts'
import { HOOKS, MESSAGES } from './table/reached.ts'

const PAGE = fileURLToPath(new URL('../../docs/sdk.md', import.meta.url))
const TYPES = join(createRequire(import.meta.url).resolve('@anthropic-ai/claude-agent-sdk'), '..', 'sdk.d.ts')

/** Without what the formatter may choose: the widths of tables. */
function words(text: string): string {
  return text.replaceAll(/ *\| */g, '|').replaceAll(/-{3,}/g, '---')
}

/** The text of a declaration in the SDK's types, up to the end of its first line that begins with a bracket. */
function declarationOf(types: string, start: string): string {
  const from = types.indexOf(start)
  expect(from, `${start} is not in the SDK's types`).toBeGreaterThan(0)
  return types.slice(from, types.indexOf('\n}', from))
}

test('docs/sdk.md is what the tables say (UPDATE_DOCS=1 writes it anew)', async () => {
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(PAGE, page())
  expect(words(await readFile(PAGE, 'utf8'))).toBe(words(page()))
})

test('the tables have each name that stands in the installed SDK’s types', async () => {
  const types = await readFile(TYPES, 'utf8')
  const members = (declaration: string, pattern: RegExp): string[] =>
    [...new Set([...declaration.matchAll(pattern)].map(([, name]) => name!))].sort()

  const options = declarationOf(types, 'export declare type Options = {')
  expect(members(options, /^ {4}(\w+)\?:/gm)).toEqual(Object.keys(QUERY_OPTIONS).sort())
  const query = declarationOf(types, 'export declare interface Query extends')
  expect(members(query, /^ {4}(\w+)\(/gm)).toEqual(Object.keys(QUERY_METHODS).sort())
  expect(Object.keys(HOOKS).sort()).toEqual([...HOOK_EVENTS].sort())

  const union = /export declare type SDKMessage = ([^;]+);/.exec(types)?.[1]?.split('|') ?? []
  const names = union
    .map((name) => name.trim())
    .flatMap((name) => (name === 'SDKResultMessage' ? ['SDKResultSuccess', 'SDKResultError'] : [name]))
  const shapes = names.flatMap((name) => {
    const body = declarationOf(types, `declare type ${name} = {`)
    const texts = (field: string): string[] =>
      [...(new RegExp(`^ {4}${field}: ([^;]+);`, 'm').exec(body)?.[1] ?? '').matchAll(/'(\w+)'/g)].map(
        ([, text]) => text!,
      )
    const subtypes = texts('subtype')
    return texts('type').flatMap((type) =>
      subtypes.length === 0 ? [type] : subtypes.map((sub) => `${type}/${sub}`),
    )
  })
  expect([...new Set(shapes)].sort()).toEqual(Object.keys(MESSAGES).sort())
})
