import { stat } from 'node:fs/promises'
import { ask } from '../support/http.ts'
import { runProgram } from '../support/server.ts'
import { describe, expect, test } from '../support/test.ts'

describe('a data directory', () => {
  test('has one server: a second one on it is refused with one clear line, and the first is unaffected', async ({
    world,
  }) => {
    const { client, server, claude } = await world.talk()
    const end = await runProgram({ folder: server.folder, upstream: claude.url })
    expect(end).toMatchObject({ code: 1, stdout: '' })
    expect(end.stderr.trim()).toMatch(/^claude-agent-server: Another server uses the data directory .+data/)
    expect(end.stderr.trim().split('\n')).toHaveLength(1)
    client.prompt('still here')
    expect((await client.result()).result).toBe('echo: still here')
  })

  test('of several servers started at once has exactly one', async ({ world }) => {
    const first = await world.server()
    first.kill('SIGKILL')
    await first.program.ended
    const starts = await Promise.allSettled([1, 2, 3].map(() => world.server({ folder: first.folder })))
    expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const start of starts) {
      if (start.status === 'rejected')
        expect(String(start.reason)).toContain('Another server uses the data directory')
    }
  })

  test('is free again after a kill -9 of its server, and belongs to its user only', async ({ world }) => {
    const server = await world.server()
    expect((await stat(server.dataDir)).mode & 0o777).toBe(0o700)
    server.kill('SIGKILL')
    await server.program.ended
    const next = await world.server({ folder: server.folder })
    expect((await ask(`${next.url}/health`)).status).toBe(200)
  })
})

test('a data directory in the workspace is refused: the file API would serve it', async ({ world }) => {
  const folder = await world.folder()
  const end = await runProgram({ args: ['--workspace', folder, '--data-dir', `${folder}/data`] })
  expect(end.code).toBe(1)
  expect(end.stderr).toContain('lie one in the other')
})
