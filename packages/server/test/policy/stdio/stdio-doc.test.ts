import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { REQUESTS } from '../../../src/policy/stdio/control-requests.ts'

const PAGE = new URL('../../../../../docs/stdio.md', import.meta.url)

/** The requests that are let through, or are not, as a list in words. */
function list(areRefused: boolean): string {
  const names = Object.entries(REQUESTS).flatMap(([name, rule]) =>
    'refused' in rule === areRefused ? `\`${name}\`` : [],
  )
  return names.toSorted().join(', ')
}

test('docs/stdio.md names every control request, let through or refused (UPDATE_DOCS=1 writes it anew)', async () => {
  const page = await readFile(PAGE, 'utf8')
  const text = page
    .replace(/^- Let through: [^]*?\.$/m, `- Let through: ${list(false)}.`)
    .replace(/^- Refused: [^]*?\.$/m, `- Refused: ${list(true)}.`)
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(PAGE, text)
  else expect(page.replaceAll(/\s+/g, ' ')).toBe(text.replaceAll(/\s+/g, ' '))
})
