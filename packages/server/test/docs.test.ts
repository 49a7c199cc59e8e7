import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { SETTINGS } from '../src/settings.ts'
import { VERSION } from '../src/version.ts'

const read = (path: string): Promise<string> => readFile(new URL(path, import.meta.url), 'utf8')

test('docs/configuration.md has a row for every setting, with its flag, default and summary', async () => {
  const document = (await read('../../../docs/configuration.md')).replaceAll(/ +/g, ' ')
  for (const setting of Object.values(SETTINGS)) {
    const flag = 'flag' in setting ? `\`--${setting.flag}\`` : ''
    const row = `| \`${setting.variable}\` | ${flag} | \`${setting.default}\` | ${setting.summary} |`
    expect(document).toContain(row.replace('|  |', '| |'))
  }
})

test('the version that the server tells is that of its package', async () => {
  expect((JSON.parse(await read('../package.json')) as { version: string }).version).toBe(VERSION)
})
