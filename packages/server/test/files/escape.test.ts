import { mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { failure, NO_DESCRIPTORS, startFileServer, type FileServer } from './file-server.ts'

type Request = (server: FileServer, path: string) => Promise<Response>

/** Every request that takes a path. */
const REQUESTS: Record<string, Request> = {
  list: (server, path) => server.request('GET', '', { path }),
  'deep list': (server, path) => server.request('GET', '', { path, depth: '5' }),
  info: (server, path) => server.request('GET', '/info', { path }),
  read: (server, path) => server.request('GET', '/content', { path }),
  write: (server, path) => server.request('PUT', '/content', { path }, { body: 'changed' }),
  'conditional write': (server, path) =>
    server.request('PUT', '/content', { path }, { body: 'changed', headers: { 'if-match': '*' } }),
  'make directory': (server, path) => post(server, '/directory', { path }),
  'move from': (server, path) => post(server, '/move', { from: path, to: 'stolen' }),
  'move to': (server, path) => post(server, '/move', { from: 'own.txt', to: path }),
  remove: (server, path) => server.request('DELETE', '', { path }),
  'remove recursively': (server, path) => server.request('DELETE', '', { path, recursive: 'true' }),
}

/** Those that follow the last part of a path when it is a symlink. */
const FOLLOWING = ['list', 'deep list', 'read', 'write', 'conditional write', 'make directory']

function post(server: FileServer, route: string, body: object): Promise<Response> {
  return server.request('POST', route, {}, { body: JSON.stringify(body) })
}

async function expectUntouched(server: FileServer): Promise<void> {
  expect(await readdir(server.outside)).toEqual(['secret.txt'])
  expect(await readFile(join(server.outside, 'secret.txt'), 'utf8')).toBe('secret')
  expect(await readdir(server.folder)).toContain('own.txt')
  expect(await readdir(server.folder)).not.toContain('stolen')
}

describe.each([
  ['with descriptors', '/proc/self/fd'],
  ['by real paths', NO_DESCRIPTORS],
])('%s', (_, descriptors) => {
  test.each(Object.keys(REQUESTS))('%s refuses every path that leads out by its text', async (name) => {
    const server = await startFileServer({ descriptors })
    await server.place('own.txt', 'own')
    await server.place('d/x')
    const hostile = [
      '..',
      '../outside/secret.txt',
      'd/../../outside/secret.txt',
      './d/.././../outside',
      '/etc/passwd',
      '/',
      '//',
      `${server.folder}/../outside/secret.txt`,
      `${server.folder}-other`,
      server.outside,
    ]
    for (const path of hostile) {
      expect(`${path}: ${await failure(REQUESTS[name]!(server, path))}`).toBe(
        `${path}: path_outside_workspace`,
      )
    }
    await expectUntouched(server)
  })

  test.each(Object.keys(REQUESTS))('%s refuses a path through a symlink that leads out', async (name) => {
    const server = await startFileServer({ descriptors })
    await server.place('own.txt', 'own')
    await symlink(server.outside, join(server.folder, 'out'))
    await symlink('../outside', join(server.folder, 'relative'))
    await symlink('out', join(server.folder, 'twice'))
    await symlink('..', join(server.folder, 'up'))
    const hostile = [
      'out/secret.txt',
      'relative/secret.txt',
      'twice/secret.txt',
      'up/outside/secret.txt',
      'up/x',
    ]
    for (const path of hostile) {
      expect(`${path}: ${await failure(REQUESTS[name]!(server, path))}`).toBe(
        `${path}: path_outside_workspace`,
      )
    }
    await expectUntouched(server)
  })

  test.each(FOLLOWING)('%s refuses a symlink that leads out', async (name) => {
    const server = await startFileServer({ descriptors })
    await server.place('own.txt', 'own')
    const target = name.includes('list') || name === 'make directory' ? '' : 'secret.txt'
    await symlink(join(server.outside, target), join(server.folder, 'absolute'))
    await symlink(join('../outside', target), join(server.folder, 'relative'))
    await symlink('absolute', join(server.folder, 'twice'))
    for (const path of ['absolute', 'relative', 'twice']) {
      expect(`${path}: ${await failure(REQUESTS[name]!(server, path))}`).toBe(
        `${path}: path_outside_workspace`,
      )
    }
    await expectUntouched(server)
  })

  test('a dangling link makes nothing outside', async () => {
    const server = await startFileServer({ descriptors })
    await server.place('own.txt', 'own')
    await symlink(join(server.outside, 'new.txt'), join(server.folder, 'file'))
    await symlink(join(server.outside, 'new'), join(server.folder, 'folder'))
    expect(await failure(REQUESTS['read']!(server, 'file'))).toBe('path_not_found')
    expect(await failure(REQUESTS['write']!(server, 'file'))).toBe('path_outside_workspace')
    expect(await failure(REQUESTS['write']!(server, 'folder/x'))).toBe('path_not_found')
    expect(await failure(REQUESTS['make directory']!(server, 'folder'))).toBe('path_not_found')
    expect(await failure(REQUESTS['make directory']!(server, 'folder/x/y'))).toBe('path_not_found')
    await expectUntouched(server)
  })

  test('links into /proc and to devices are refused', async () => {
    const server = await startFileServer({ descriptors })
    const targets = [
      '/dev/zero',
      '/proc/self/environ',
      '/proc/self/root/etc/passwd',
      '/proc/1',
      '/proc/self/fd',
    ]
    for (const [index, target] of targets.entries()) {
      await symlink(target, join(server.folder, `link${index}`))
      expect(await failure(REQUESTS['read']!(server, `link${index}`))).toBe('path_outside_workspace')
      expect(await failure(REQUESTS['write']!(server, `link${index}`))).toBe('path_outside_workspace')
    }
  })

  test('what stays inside is reached, whatever the detour', async () => {
    const server = await startFileServer({ descriptors })
    await server.place('a/b/x', 'found')
    await symlink(server.folder, join(server.folder, 'a/root'))
    await symlink('../..', join(server.folder, 'a/b/up'))
    await symlink(join('..', 'workspace', 'a'), join(server.folder, 'around'))
    for (const path of ['a/root/a/b/x', 'a/b/up/a/b/x', 'around/b/x', 'a/./../a/b/x']) {
      expect(await (await REQUESTS['read']!(server, path)).text()).toBe('found')
    }
    expect((await REQUESTS['write']!(server, 'around/new/file')).status).toBe(201)
    expect(await readFile(join(server.folder, 'a/new/file'), 'utf8')).toBe('changed')
  })

  test('a directory beside the workspace with a longer name is outside', async () => {
    const server = await startFileServer({ descriptors })
    await mkdir(`${server.folder}-other`)
    await symlink('../workspace-other', join(server.folder, 'link'))
    expect(await failure(REQUESTS['list']!(server, 'link'))).toBe('path_outside_workspace')
  })
})

test('what is encoded twice, or has a NUL, is a name or an error, never a way out', async () => {
  const server = await startFileServer()
  const raw = (query: string): Promise<Response> => fetch(`${server.url}/files/content?${query}`)
  expect(await failure(raw('path=%2e%2e%2foutside%2fsecret.txt'))).toBe('path_outside_workspace')
  expect(await failure(raw('path=%252e%252e%252foutside%252fsecret.txt'))).toBe('path_not_found')
  expect(await failure(raw('path=own%00.txt'))).toBe('invalid_path')
  expect(await failure(raw('path=..%00/x'))).toBe('invalid_path')
  expect(await failure(raw('path=%c0%ae%c0%ae%2foutside%2fsecret.txt'))).toBe('path_not_found')
  expect(await failure(raw('path=..%5coutside%5csecret.txt'))).toBe('path_not_found')
  expect(await failure(raw('path=a&path=../outside/secret.txt'))).toBe('path_not_found')
})

test('an error does not tell where a link leads to', async () => {
  const server = await startFileServer()
  await symlink(server.outside, join(server.folder, 'link'))
  const text = await (await REQUESTS['read']!(server, 'link/secret.txt')).text()
  expect(text).toContain('link/secret.txt')
  expect(text).not.toContain('outside/')
})
