import { execFileSync } from 'node:child_process'
import { readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { writeArchive, type ArchiveEntry } from '../src/archive.ts'
import { temporaryFolder } from './support.ts'

const file = (path: string, text: string, mode = 0o644): ArchiveEntry => ({
  path,
  mode,
  content: { kind: 'bytes', bytes: Buffer.from(text) },
})

describe('an archive', () => {
  test('is read by tar, with modes, owners, links, folders and names of any length', async () => {
    const folder = await temporaryFolder()
    const long = `${'a folder/'.repeat(20)}ä`
    const path = join(folder, 'a.tar')
    await writeFile(join(folder, 'source'), 'x'.repeat(1500))
    await writeArchive(path, [
      file('program', 'run', 0o755),
      file(long, 'far'),
      { path: 'home/agent', mode: 0o750, owner: 1000, content: { kind: 'folder' } },
      { path: 'link', mode: 0o777, content: { kind: 'link', target: `${'b/'.repeat(60)}c` } },
      { path: 'from-disk', mode: 0o600, content: { kind: 'file', from: join(folder, 'source'), size: 1500 } },
    ])
    const listed = execFileSync('tar', ['-tvf', path, '--numeric-owner', '--quoting-style=literal'], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    })
    expect(listed).toMatch(/^-rwxr-xr-x 0\/0 +3 1970-01-01 .* program$/m)
    expect(listed).toMatch(/^drwxr-x--- 1000\/1000 .* home\/agent\/?$/m)
    expect(listed).toMatch(/^-rw------- 0\/0 +1500 .* from-disk$/m)
    expect(listed).toContain(` ${long}\n`)
    expect(listed).toContain(` link -> ${'b/'.repeat(60)}c\n`)
    execFileSync('tar', ['-xf', path, '--no-same-owner', '-C', folder])
    expect(await readFile(join(folder, long), 'utf8')).toBe('far')
    expect(await readFile(join(folder, 'from-disk'), 'utf8')).toBe('x'.repeat(1500))
  })

  test('has the same bytes and mode in whatever order and whenever it is made', async () => {
    const folder = await temporaryFolder()
    const source = join(folder, 'source')
    await writeFile(source, 'content')
    const entries: ArchiveEntry[] = [
      file('b', '2'),
      file('a', '1'),
      { path: 'c', mode: 0o644, content: { kind: 'file', from: source, size: 7 } },
    ]
    await writeArchive(join(folder, 'one.tar'), entries)
    await utimes(source, 1, 1)
    const before = process.umask(0o077)
    await writeArchive(join(folder, 'two.tar'), entries.toReversed()).finally(() => process.umask(before))
    const [one, two] = await Promise.all(['one.tar', 'two.tar'].map((name) => readFile(join(folder, name))))
    expect(one).toEqual(two)
    expect((await stat(join(folder, 'two.tar'))).mode & 0o777).toBe(0o644)
  })

  test.each([95, 96, 97, 98, 99, 100, 101])('says names of %i bytes rightly', async (length) => {
    const folder = await temporaryFolder()
    const name = 'n'.repeat(length)
    await writeArchive(join(folder, 'a.tar'), [file(name, '')])
    expect(execFileSync('tar', ['-tf', join(folder, 'a.tar')], { encoding: 'utf8' })).toBe(`${name}\n`)
  })
})
