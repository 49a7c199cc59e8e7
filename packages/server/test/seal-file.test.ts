import { execFile } from 'node:child_process'
import { chmod, chown, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { identifySealFile, readSealContent, readSealFile, removeSealFile } from '../src/seal-file.ts'
import { temporaryFolder } from './support.ts'

const isRoot = process.getuid?.() === 0
const TOKEN = 'token-of-sixteen'

async function write(content: string): Promise<string> {
  const path = join(await temporaryFolder(), 'seal.json')
  await writeFile(path, content)
  return path
}

describe('the text of a seal file', () => {
  test('gives its variables', () => {
    const env = { CLAUDE_AGENT_TOKEN: TOKEN, ANTHROPIC_API_KEY: 'k', https_proxy: '' }
    expect(readSealContent({ env })).toEqual({ variables: env, ignored: [] })
  })

  test('with variables that a process reads at its start only gives those by name, not to be used', () => {
    const late = { NODE_OPTIONS: '--inspect', LD_PRELOAD: '/x.so', PORT: '1', HOST: '::' }
    expect(readSealContent({ env: { CLAUDE_AGENT_TOKEN: TOKEN, ...late } })).toEqual({
      variables: { CLAUDE_AGENT_TOKEN: TOKEN },
      ignored: Object.keys(late),
    })
  })

  test.each([
    ['a value', 'text', 'no object `env`'],
    ['a list', [{}], 'no object `env`'],
    ['null', null, 'no object `env`'],
    ['an env that is a list', { env: [] }, 'no object `env`'],
    ['another field', { env: { CLAUDE_AGENT_TOKEN: TOKEN }, secret1: 1 }, 'other fields than `env`'],
    ['no token', { env: { ANTHROPIC_API_KEY: 'secret1' } }, 'no CLAUDE_AGENT_TOKEN'],
    ['an empty token', { env: { CLAUDE_AGENT_TOKEN: '' } }, 'no CLAUDE_AGENT_TOKEN'],
    ['a short token', { env: { CLAUDE_AGENT_TOKEN: 'secret1-only-15' } }, 'less than 16 characters'],
    ['a number', { env: { CLAUDE_AGENT_TOKEN: TOKEN, N: 1 } }, 'a N that is no string'],
    ['a NUL', { env: { CLAUDE_AGENT_TOKEN: TOKEN, N: 'secret1\0' } }, 'a N with a NUL'],
    ['a name with a space', { env: { CLAUDE_AGENT_TOKEN: TOKEN, 'secret1 x': '' } }, 'entry 2 of `env`'],
    ['a name with a =', { env: { 'secret1=x': '' } }, 'entry 1 of `env`'],
    ['a name that begins with a digit', { env: { '1secret1': '' } }, 'entry 1 of `env`'],
  ])('that is or has %s is refused in words that have nothing of it', (_, content, words) => {
    const read = (): unknown => readSealContent(content)
    expect(read).toThrow(words)
    expect(read).toThrow(expect.objectContaining({ code: 'invalid_setting' }) as Error)
    expect(read).not.toThrow('secret1')
  })
})

describe('a seal file', () => {
  test('of this user is read, and gone once it was removed', async () => {
    const path = await write('{"env":{}}')
    expect(await readSealFile(path)).toEqual({ env: {} })
    await removeSealFile(path)
    expect(await identifySealFile(path)).toBeUndefined()
    await removeSealFile(path)
  })

  test('that is no JSON is refused without a word of it', async () => {
    const path = await write('secret1')
    await expect(readSealFile(path)).rejects.toThrow('The seal file is no JSON.')
    await expect(readSealFile(path)).rejects.not.toHaveProperty('cause.message')
  })

  test('that is a symbolic link is not followed', async () => {
    const target = await write('{"env":{}}')
    const path = `${target}.link`
    await symlink(target, path)
    await expect(readSealFile(path)).rejects.toThrow('is a symbolic link')
    expect(await readFile(target, 'utf8')).toBe('{"env":{}}')
  })

  test('that is a folder or a FIFO is refused at once', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'folder'))
    await promisify(execFile)('mkfifo', [join(folder, 'fifo')])
    await expect(readSealFile(join(folder, 'folder'))).rejects.toThrow('no regular file')
    await expect(readSealFile(join(folder, 'fifo'))).rejects.toThrow('no regular file')
  })

  test('may have 64 KiB and no more', async () => {
    const path = await write(JSON.stringify('x'.repeat(65_534)))
    expect(await readSealFile(path)).toHaveLength(65_534)
    await writeFile(path, JSON.stringify('x'.repeat(65_535)))
    await expect(readSealFile(path)).rejects.toThrow('more than 65536 bytes')
  })

  test.skipIf(!isRoot)('of another user is refused (needs root, to give a file away)', async () => {
    const path = await write('{"env":{}}')
    await chown(path, 12_345, 12_345)
    await expect(readSealFile(path)).rejects.toThrow('belongs to the user 12345')
  })

  test.skipIf(isRoot)('that cannot be removed is an error (as root it always can)', async () => {
    const path = await write('{"env":{}}')
    await chmod(join(path, '..'), 0o500)
    await expect(removeSealFile(path)).rejects.toThrow('cannot be removed (EACCES)')
    await chmod(join(path, '..'), 0o700)
  })

  test('has another identity once it was written, replaced or given away', async () => {
    const path = await write('1')
    const first = await identifySealFile(path)
    expect(await identifySealFile(path)).toBe(first)
    await writeFile(path, '12')
    const second = await identifySealFile(path)
    expect(second).not.toBe(first)
    await chmod(path, 0o600)
    expect(await identifySealFile(path)).not.toBe(second)
    expect(await identifySealFile(join(path, 'below'))).toBeUndefined()
  })
})
