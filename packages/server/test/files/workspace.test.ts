import { mkdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { KeyedQueue } from '../../src/files/queue.ts'
import { Workspace } from '../../src/files/workspace.ts'
import { temporaryFolder } from '../support.ts'
import { failure, NO_DESCRIPTORS, startFileServer } from './file-server.ts'

describe('a workspace', () => {
  test('that is opened through a symlink understands both of its names', async () => {
    const folder = await realpath(await temporaryFolder())
    await mkdir(join(folder, 'real'))
    await symlink('real', join(folder, 'link'))
    const workspace = await Workspace.open(join(folder, 'link'))
    expect(workspace.root).toBe(join(folder, 'real'))
    expect(workspace.parse(join(folder, 'link/x'))).toBe('x')
    expect(workspace.parse(join(folder, 'real/x'))).toBe('x')
  })

  test('that is missing or a file is refused', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'file'), '')
    await expect(Workspace.open(join(folder, 'none'))).rejects.toMatchObject({ code: 'path_not_found' })
    await expect(Workspace.open(join(folder, 'file'))).rejects.toMatchObject({ code: 'not_a_directory' })
  })

  test('that is removed while it is served gives errors, and works again once it is back', async () => {
    const server = await startFileServer()
    await rm(server.folder, { recursive: true })
    expect(await failure(server.request('GET', ''))).toBe('path_not_found')
    expect(await failure(server.request('GET', '/info'))).toBe('path_not_found')
    expect(await failure(server.request('PUT', '/content', { path: 'x' }, { body: 'x' }))).toBe(
      'path_not_found',
    )
    await mkdir(server.folder)
    expect((await server.request('PUT', '/content', { path: 'a/x' }, { body: 'x' })).status).toBe(201)
  })

  test('whose folder became a symlink to another place is not followed there', async () => {
    const server = await startFileServer()
    await rename(server.folder, `${server.folder}.old`)
    await symlink(server.outside, server.folder)
    expect(await failure(server.request('GET', '/content', { path: 'secret.txt' }))).toBe(
      'path_outside_workspace',
    )
    expect(await failure(server.request('GET', ''))).toBe('path_outside_workspace')
  })

  test.each([['/proc/self/fd'], [NO_DESCRIPTORS]])(
    'gives directories that are used by name (%s)',
    async (descriptors) => {
      const server = await startFileServer({ descriptors })
      await server.place('a/b/x', 'content')
      await symlink('b', join(server.folder, 'a/link'))
      const directory = await server.workspace.openDirectory('a')
      expect(directory.location).toBe(join(server.folder, 'a'))
      expect(basename(await realpath(directory.at('b')))).toBe('b')
      const child = await directory.open('b')
      expect(await realpath(child.at('x'))).toBe(join(server.folder, 'a/b/x'))
      await child.close()
      await expect(directory.open('link')).rejects.toMatchObject({ code: 'ENOTDIR' })
      await directory.close()
    },
  )

  test.runIf(process.platform === 'linux')(
    'keeps hold of a directory that is moved while it is used',
    async () => {
      const server = await startFileServer()
      await server.place('a/x', 'content')
      const directory = await server.workspace.openDirectory('a')
      await rename(join(server.folder, 'a'), join(server.folder, 'b'))
      await symlink(server.outside, join(server.folder, 'a'))
      expect(await realpath(directory.at('x'))).toBe(join(server.folder, 'b/x'))
      await directory.close()
    },
  )
})

describe('a queue by key', () => {
  test('runs tasks of one key in order, one at a time, also after one failed', async () => {
    const queue = new KeyedQueue()
    const log: string[] = []
    const task =
      (name: string, fails = false) =>
      async (): Promise<string> => {
        log.push(`${name} begins`)
        await new Promise((resolve) => setTimeout(resolve, 5))
        log.push(`${name} ends`)
        if (fails) throw new TypeError(name)
        return name
      }
    const results = await Promise.allSettled([
      queue.run('key', task('one', true)),
      queue.run('key', task('two')),
      queue.run('key', task('three')),
    ])
    expect(results.map((result) => result.status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
    const names = ['one', 'two', 'three']
    expect(log).toEqual(names.flatMap((name) => [`${name} begins`, `${name} ends`]))
  })

  test('runs tasks of different keys side by side', async () => {
    const queue = new KeyedQueue()
    let open = (): void => {}
    const blocked = queue.run('one', () => new Promise<void>((resolve) => (open = resolve)))
    expect(await queue.run('two', async () => 'done')).toBe('done')
    open()
    await blocked
  })
})
