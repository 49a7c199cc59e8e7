import { spawn } from 'node:child_process'
import { appendFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { eventually, startFileServer } from './file-server.ts'

// In a process of its own: `tree/x` is a new directory with a file, then a symlink that leads out, then nothing.
const SWAPPER = `
  const { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } = require('node:fs')
  const [place, spare, outside] = process.argv.slice(1)
  process.stdout.write('on')
  for (;;) {
    mkdirSync(spare)
    writeFileSync(spare + '/inside', '')
    renameSync(spare, place)
    renameSync(place, spare)
    symlinkSync(outside, place)
    unlinkSync(place)
    rmSync(spare, { recursive: true })
  }`

test.runIf(process.platform === 'linux')(
  'a watch that races with a swapped symlink tells nothing of outside',
  async () => {
    const server = await startFileServer()
    await mkdir(join(server.folder, 'tree'))
    await mkdir(join(server.outside, 'hidden'))
    const watched = await server.watch({ recursive: 'true' })
    const paths = [join(server.folder, 'tree/x'), join(server.folder, 'spare'), server.outside]
    const swapper = spawn(process.execPath, ['-e', SWAPPER, ...paths], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(async () => {
      const gone = new Promise((resolve) => swapper.once('exit', resolve))
      if (swapper.kill('SIGKILL')) await gone
    })
    await new Promise((resolve) => swapper.stdout.once('data', resolve))
    const isSeen = (text: string): boolean => watched.events.some((event) => event.endsWith(text))
    for (let round = 0; round < 400 || !(isSeen('tree/x') && isSeen('inside')); round += 1) {
      await appendFile(join(server.outside, 'secret.txt'), 'x')
      await writeFile(join(server.outside, 'hidden', `new${round}`), '')
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(watched.events.filter((event) => /secret|hidden|new/.test(event))).toEqual([])
    expect(await readdir(server.outside)).toEqual(['hidden', 'secret.txt'])
  },
)

test('many directories that come at once are all watched', async () => {
  const server = await startFileServer()
  await mkdir(join(server.folder, 'a'))
  const watched = await server.watch({ recursive: 'true' })
  const names = Array.from({ length: 50 }, (_, index) => `d${index}`)
  await Promise.all(names.map((name) => server.place(`a/${name}/deep/x`, name)))
  await watched.sees(...names.map((name) => `create a/${name}/deep/x`))
  await Promise.all(names.map((name) => appendFile(join(server.folder, 'a', name, 'deep/x'), 'more')))
  await eventually(() => {
    for (const name of names) expect(watched.events.lastIndexOf(`write a/${name}/deep/x`)).toBeGreaterThan(0)
  })
})
