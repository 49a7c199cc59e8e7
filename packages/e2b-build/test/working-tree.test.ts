import { chmod, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ArchiveEntry } from '../src/archive.ts'
import { extraFiles, manifests, serverFiles } from '../src/working-tree.ts'
import { temporaryFolder, workingTree, writeFiles } from './support.ts'

const paths = (entries: ArchiveEntry[]): string[] => entries.map(({ path }) => path).sort()

describe('what is packed of the server', () => {
  test('is its programs, its page and the start scripts, and nothing for compilers and debuggers', async () => {
    const root = await workingTree()
    expect(paths(await serverFiles(root))).toEqual([
      'opt/claude-agent-server/packages/server/bin/claude-agent-server.mjs',
      'opt/claude-agent-server/packages/server/dist/program/bin.js',
      'opt/claude-agent-server/packages/server/dist/web/index.html',
      'opt/claude-agent-server/start-template',
      'usr/local/bin/start-claude-agent-server',
    ])
  })

  test('must have been built', async () => {
    const root = await workingTree()
    await rm(join(root, 'packages/server/dist/web'), { recursive: true })
    await expect(serverFiles(root)).rejects.toMatchObject({
      code: 'file_not_found',
      message: 'There is no packages/server/dist/web/index.html.',
      hint: 'npm run build makes it.',
    })
  })

  test('can be written by root only', async () => {
    const root = await workingTree()
    for (const { mode, owner } of await serverFiles(root)) expect([owner ?? 0, mode & 0o022]).toEqual([0, 0])
  })
})

describe('what is packed for npm', () => {
  test('is the lock file and every manifest, without what npm does not install by', async () => {
    const root = await workingTree()
    const before = await manifests(root)
    expect(paths(before)).toEqual([
      'opt/claude-agent-server/e2e/package.json',
      'opt/claude-agent-server/package-lock.json',
      'opt/claude-agent-server/package.json',
      'opt/claude-agent-server/packages/protocol/package.json',
      'opt/claude-agent-server/packages/server/package.json',
    ])
    await writeFiles(root, {
      'packages/server/package.json': JSON.stringify({
        name: 'server',
        version: '1.0.0',
        scripts: { test: 'other' },
      }),
    })
    expect(await manifests(root)).toEqual(before)
  })
})

describe('further files', () => {
  test('keep being programs and links, and are the agent’s in its home', async () => {
    const root = await temporaryFolder()
    await writeFiles(root, { 'skills/a/run.sh': 'x', 'skills/a/SKILL.md': 'y', 'secret.txt': 'z' })
    await chmod(join(root, 'skills/a/run.sh'), 0o700)
    await symlink('SKILL.md', join(root, 'skills/a/README.md'))
    const entries = await extraFiles(root, [
      { from: 'skills', to: '/home/agent/.claude/skills' },
      { from: 'secret.txt', to: '/etc/', mode: '600' },
    ])
    const seen = entries.map(({ path, mode, owner = 0, content }) => [
      path,
      mode.toString(8),
      owner,
      content.kind,
    ])
    expect(seen.sort()).toEqual([
      ['etc/secret.txt', '600', 0, 'file'],
      ['home/agent/.claude', '755', 1000, 'folder'],
      ['home/agent/.claude/skills', '755', 1000, 'folder'],
      ['home/agent/.claude/skills/a', '755', 1000, 'folder'],
      ['home/agent/.claude/skills/a/README.md', '777', 1000, 'link'],
      ['home/agent/.claude/skills/a/SKILL.md', '644', 1000, 'file'],
      ['home/agent/.claude/skills/a/run.sh', '755', 1000, 'file'],
    ])
  })

  test('that are not there are named', async () => {
    const root = await temporaryFolder()
    await expect(extraFiles(root, [{ from: 'nowhere', to: '/x' }])).rejects.toMatchObject({
      code: 'file_not_found',
      message: "There is no 'nowhere', which e2b.config.json wants in the template.",
    })
  })
})
