import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { BUILD_ERRORS } from '../src/errors.ts'
import { HELP } from '../src/settings.ts'

const read = (path: string): Promise<string> => readFile(new URL(path, import.meta.url), 'utf8')

test('docs/sandboxes/e2b-template.md has a row for every error, and every option', async () => {
  const document = (await read('../../../docs/sandboxes/e2b-template.md')).replaceAll(/ +/g, ' ')
  for (const [code, meaning] of Object.entries(BUILD_ERRORS))
    expect(document).toContain(`| \`${code}\` | ${meaning} |`)
  for (const [, option] of HELP.matchAll(/^ {2}(--(?!help)[a-z-]+)/gm))
    expect(document).toContain(`| \`${option}`)
})
