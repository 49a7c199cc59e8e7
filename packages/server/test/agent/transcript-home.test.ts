import { execFileSync, spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { openTranscript } from '../../src/agent/transcript-file.ts'
import { openConversation } from '../../src/agent/transcript-home.ts'
import { temporaryFolder } from '../support.ts'

const ID = 'c0ffee00-0000-4000-8000-000000000000'
const ME = { uid: process.getuid?.() ?? 0 }

test.runIf(process.platform === 'linux').each([
  ['of another user', ME],
  ['of its own', undefined],
])(
  'pipes and devices that an agent %s puts in place of its files are not opened, not even for a moment',
  async (_, owner) => {
    const folder = await temporaryFolder()
    const project = join(folder, 'projects', 'p')
    const elsewhere = join(folder, 'elsewhere')
    await mkdir(join(project, ID), { recursive: true })
    await mkdir(elsewhere)
    execFileSync('mkfifo', [join(elsewhere, 'pipe')])
    await symlink(elsewhere, join(project, ID, 'subagents'))
    // Waits for a reader, as long as there is none.
    const writer = spawn('sh', ['-c', 'echo x > "$1"', 'sh', join(elsewhere, 'pipe')])
    onTestFinished(() => void writer.kill('SIGKILL'))
    await delay(200)
    const path = join(project, ID, 'subagents', 'pipe')
    await expect(openTranscript(path, constants.O_RDONLY, owner, 3)).rejects.toThrow()
    await delay(200)
    expect(writer.exitCode).toBe(null)
    expect(writer.signalCode).toBe(null)
  },
)

test('a file of his is opened where it is, to read and to write', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'projects', 'p'), { recursive: true })
  const path = join(folder, 'projects', 'p', `${ID}.jsonl`)
  await writeFile(path, 'text')
  const file = await openTranscript(path, constants.O_RDWR, process.platform === 'linux' ? ME : undefined)
  await file.write('more', 0)
  expect(await readFile(path, 'utf8')).toBe('more')
  await file.close()
})

test('a transcript that is larger than any that can be gone on with is none: no line of it is read', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, '.claude/projects/p'), { recursive: true })
  const path = join(folder, '.claude/projects/p', `${ID}.jsonl`)
  const home = { env: { HOME: folder }, workspace: folder, user: undefined }
  await writeFile(path, '{}\n')
  const file = await openConversation(home, ID)
  expect(file).toBeDefined()
  await file?.close()
  // Sparse: it takes no room.
  await truncate(path, 1024 ** 4)
  expect(await openConversation(home, ID)).toBe(undefined)
})
