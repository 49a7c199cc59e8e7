import { bash, turnsOf } from '../support/messages.ts'
import { processesWith, signal } from '../support/processes.ts'
import { watcherOf } from '../support/server.ts'
import { expect, test } from '../support/test.ts'
import { ask } from '../support/http.ts'
import { until } from '../support/until.ts'

test('SIGTERM in the middle of a turn: the client is closed with 1012, the exit code is 0, and no process is left', async ({
  world,
}) => {
  const command = 'setsid nohup tail -f /dev/null -s 4721.1 & tail -f /dev/null -s 4721.2'
  const { client, server } = await world.talk([bash('work', command)])
  client.prompt('work')
  await until('it runs', async () => (await processesWith('-s 4721.2')).length > 0)
  const watcher = await watcherOf(server)
  server.kill('SIGTERM')
  expect(await client.closed).toMatchObject({ code: 1012 })
  expect(await server.program.ended).toMatchObject({ code: 0, signal: null })
  expect(await processesWith('-s 4721.')).toEqual([])
  await server.cleared(0)
  await until('the watcher is gone', async () => (await processesWith(watcher!.command)).length === 0)
})

test('Ctrl-C in a terminal (SIGINT to the process group) does the same', async ({ world }) => {
  const { client, server } = await world.talk([bash('work', 'tail -f /dev/null -s 4722.1')])
  client.prompt('work')
  await until('it runs', async () => (await processesWith('-s 4722.1')).length > 0)
  signal(-server.pid, 'SIGINT')
  expect(await client.closed).toMatchObject({ code: 1012 })
  expect(await server.program.ended).toMatchObject({ code: 0, signal: null })
  expect(await processesWith('-s 4722.')).toEqual([])
})

test('a second SIGINT while it drains ends it at once, and the watcher clears what is left', async ({
  world,
}) => {
  const { client, server } = await world.talk([bash('work', 'tail -f /dev/null -s 4723.1')])
  client.prompt('work')
  await until('it runs', async () => (await processesWith('-s 4723.1')).length > 0)
  signal((await server.agent()).id, 'SIGSTOP')
  server.kill('SIGINT')
  await client.closed
  server.kill('SIGINT')
  await server.program.ended
  await server.cleared(10_000)
  expect(await processesWith('-s 4723.')).toEqual([])
})

test('SIGTERM ends it also with an agent that hangs', async ({ world }) => {
  const { client, server } = await world.talk()
  client.prompt('hello')
  await client.result()
  signal((await server.agent()).id, 'SIGSTOP')
  server.kill('SIGTERM')
  expect(await server.program.ended).toMatchObject({ code: 0 })
  await server.cleared(0)
})

test('SIGTERM right after the start, while the first agent is on its way, leaves no process', async ({
  world,
}) => {
  const { url } = await world.claude()
  const server = await world.server({ upstream: url })
  server.kill('SIGTERM')
  expect(await server.program.ended).toMatchObject({ code: 0 })
  await server.cleared(0)
})

test('SIGTERM with idle HTTP connections and a stalled client ends all the same', async ({ world }) => {
  const { client, server, claude } = await world.talk()
  await ask(`${server.url}/health`, { headers: { connection: 'keep-alive' } })
  client.prompt('hello')
  await until('the model was asked', () => turnsOf(claude).length === 1)
  client.pause()
  server.kill('SIGTERM')
  expect(await server.program.ended).toMatchObject({ code: 0 })
  await server.cleared(0)
})

test('after an orderly end a new start on the same data directory works', async ({ world }) => {
  const { url } = await world.claude()
  const server = await world.server({ upstream: url })
  server.kill('SIGTERM')
  await server.program.ended
  const next = await world.server({ upstream: url, folder: server.folder })
  expect((await ask(`${next.url}/health`)).json.status).toBe('ok')
})
