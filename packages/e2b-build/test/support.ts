import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'e2b-build-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Writes files, with the folders above them. */
export async function writeFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}

/** The least that can be packed: a working tree after its build. */
export async function workingTree(files: Record<string, string> = {}): Promise<string> {
  const folder = await temporaryFolder()
  const manifest = (name: string): string =>
    JSON.stringify({ name, version: '1.0.0', scripts: { test: 'x' } })
  await writeFiles(folder, {
    'package.json': JSON.stringify({ workspaces: ['packages/*', 'e2e'], scripts: { start: 'x' } }),
    'package-lock.json': '{}',
    'e2e/package.json': manifest('e2e'),
    'packages/protocol/package.json': manifest('protocol'),
    'packages/server/package.json': manifest('server'),
    'packages/server/dist/program/bin.js': 'server',
    'packages/server/dist/program/bin.js.map': 'map',
    'packages/server/dist/bin.d.ts': 'types',
    'packages/server/dist/web/index.html': 'page',
    'packages/server/bin/claude-agent-server.mjs': 'program',
    'packages/e2b-build/template/start': 'start',
    'docker/start-server': 'start',
    ...files,
  })
  return folder
}
