import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadScript } from '../src/index.ts'
import { start } from './support/scripted.ts'
import { askText } from './support/wire.ts'

/** A file in a folder of its own. */
async function fileWith(name: string, content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'scripted-claude-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

test('a script is read from a JSON file', async () => {
  const path = await fileWith('script.json', '{"rules": [{"steps": [{"text": "from a file"}]}]}')
  const claude = await start({ script: await loadScript(path) })
  expect(await askText(claude)).toBe('from a file')
})

test('a script is read from a module, code and all', async () => {
  const code =
    'export default { rules: [{ respond: (request) => [{ text: request.lastUserText.toUpperCase() }] }] }'
  const path = await fileWith('script.mjs', code)
  const claude = await start({ script: await loadScript(path) })
  expect(await askText(claude, 'shout')).toBe('SHOUT')
})

test.each([
  ['broken.json', '{"rules": [', 'unreadable_script', /^Cannot read the script .*broken\.json: /],
  ['wrong.json', '{"rules": 5}', 'invalid_script', /^rules: expected a list/],
  ['broken.mjs', 'export default {', 'unreadable_script', /^Cannot read the script .*broken\.mjs: /],
  ['throws.mjs', 'throw new Error("no")', 'unreadable_script', /throws\.mjs: no$/],
  ['empty.mjs', '', 'invalid_script', /empty\.mjs has no script as its default export\.$/],
  [
    'named.mjs',
    'export const rules = []',
    'invalid_script',
    /named\.mjs has no script as its default export\.$/,
  ],
])('%s is refused in one line', async (name, content, code, message) => {
  const path = await fileWith(name, content)
  const failure = (await loadScript(path).catch((error: unknown) => error)) as Error
  expect(failure).toMatchObject({ name: 'ScriptedClaudeError', code, hint: expect.stringMatching(/\w/) })
  expect(failure.message).toMatch(message)
  expect(failure.message).not.toContain('\n')
})

test('a file that is not there is named', async () => {
  await expect(loadScript('/no/such/script.json')).rejects.toMatchObject({
    code: 'unreadable_script',
    message: expect.stringContaining('/no/such/script.json: ENOENT'),
    cause: expect.objectContaining({ code: 'ENOENT' }),
  })
})
