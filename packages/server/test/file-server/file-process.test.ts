import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Scope } from '../../src/agent/supervision/scope.ts'
import { FileProcess } from '../../src/file-server/file-process.ts'
import { temporaryFolder } from '../support.ts'

/** A process of a program that stands for the one of this package, and the folder of its socket. */
async function start(program: string): Promise<{ files: FileProcess; dataDir: string }> {
  const dataDir = await temporaryFolder()
  const path = join(await temporaryFolder(), 'program.mjs')
  await writeFile(path, program)
  const files = await FileProcess.start({
    scope: () => new Scope(`${randomUUID()}/`),
    dataDir,
    workspace: dataDir,
    maxFileBytes: 1024,
    environment: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    program: path,
  })
  onTestFinished(() => files.close())
  return { files, dataDir }
}

describe.skipIf(process.platform !== 'linux')('the process that serves files (by /proc, so on Linux)', () => {
  test('that does not start says why to the server and to who asks for it, and leaves nothing', async () => {
    const { files, dataDir } = await start(`console.error('no way'); process.exit(3)`)
    const refused = { code: 'invalid_setting', message: expect.stringContaining('no way') as string }
    await expect(files.opened).rejects.toMatchObject(refused)
    await expect(files.address()).rejects.toMatchObject(refused)
    await files.close()
    expect(await readdir(dataDir)).toEqual([])
  })

  test('is waited for by who asks before it serves', async () => {
    const { files, dataDir } = await start(`
      setTimeout(() => console.log('ready'), 300)
      process.stdin.resume()`)
    const asked = files.address().then(async (path) => [path.split('/').at(-1), await readdir(dataDir)])
    expect(await readdir(dataDir)).not.toContain('files.sock')
    expect(await asked).toEqual(['files.sock', ['files.sock']])
  })
})
