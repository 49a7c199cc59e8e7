import { expect, restart, test } from '../sessions/support/shared.ts'
import { requestsWith } from '../sessions/support/model.ts'
import { Peer } from '../sessions/support/peer.ts'
import { until } from '../support/until.ts'
import { Conversation } from './support/conversation.ts'

/** Ends every connection of a network again and again, once a second on average. */
function cutEverySecond(cut: () => void): () => void {
  let timer: NodeJS.Timeout
  const next = (): void => {
    timer = setTimeout(
      () => {
        cut()
        next()
      },
      300 + Math.random() * 1400,
    )
  }
  next()
  return () => clearTimeout(timer)
}

test('with the network cut every second a query has the same messages, each once', async ({
  stage,
  world,
}) => {
  const { network } = await world.network(stage.server)
  let cuts = 0
  const stop = cutEverySecond(() => {
    cuts += 1
    if (cuts % 3 === 0) network.cut('up')
    else if (cuts % 3 === 1) network.cut('down')
    else network.drop()
  })
  world.defer(stop)
  const asked: string[] = []
  const conversation = new Conversation(
    { url: `http://127.0.0.1:${network.port}`, token: undefined },
    {
      includePartialMessages: true,
      canUseTool: async (name, input) => {
        asked.push(name)
        // Long enough for the line to break while it is open.
        await new Promise((go) => setTimeout(go, 2000))
        return { behavior: 'allow', updatedInput: input }
      },
    },
    { session: 'cut' },
  )
  world.defer(() => conversation.close())
  const texts = ['first', 'write: cut.txt', 'brief: 40 words', 'x'.repeat(2_000_000), 'last']
  const results: string[] = []
  for (const text of texts) results.push(await conversation.run(text))
  stop()
  expect(cuts).toBeGreaterThan(2)
  expect(results[0]).toBe('echo: first')
  expect(results[1]).toContain('cut.txt')
  expect(results[2]?.trim()).toBe('word '.repeat(40).trim())
  expect(results[3]).toHaveLength('echo: '.length + 2_000_000)
  expect(results[4]).toBe('echo: last')
  expect(asked).toEqual(['Write'])
  const uuids = conversation.messages.flatMap(({ uuid }) => uuid ?? [])
  expect(new Set(uuids).size).toBe(uuids.length)
  const streamed = conversation.messages.flatMap((message) =>
    message.type === 'stream_event' &&
    message.event.type === 'content_block_delta' &&
    'text' in message.event.delta
      ? message.event.delta.text
      : [],
  )
  expect(streamed.join('')).toContain('word '.repeat(40).trim())
  // What the SDK saw and what the log has are the same.
  const peer = await Peer.attach(world, stage.server, 'cut')
  const said = conversation.messages.flatMap((one) => (one.type === 'assistant' ? one.uuid : []))
  await until('the log was read', () => peer.of('prompt_ended').length === texts.length)
  expect(peer.of('sdk_message').flatMap(({ data }) => (data.type === 'assistant' ? data.uuid : []))).toEqual(
    said,
  )
  expect(peer.of('user_message')).toHaveLength(texts.length)
  for (const text of ['first', 'last']) expect(requestsWith(stage.claude, text).length).toBeGreaterThan(0)
}, 120_000)

test('when its server is killed, a query fails and says why', async ({ world, stage }) => {
  const server = await world.server({ upstream: stage.claude.url })
  const conversation = new Conversation(server, {}, { reconnectTimeoutMs: 3000 })
  await conversation.run('hello')
  server.kill('SIGKILL')
  await expect(conversation.result()).rejects.toThrow(/could not be reached|was lost/)
}, 60_000)

test('a process whose client does not come back is ended, and its conversation goes on in another', async ({
  stage,
  world,
}) => {
  const env = { CLAUDE_AGENT_CONTROLLER_TIMEOUT_MS: '1500' }
  const server = await world.server({ upstream: stage.claude.url, env })
  const { network } = await world.network(server)
  const away = { url: `http://127.0.0.1:${network.port}`, token: undefined }
  const first = new Conversation(away, {}, { session: 'left', reconnectTimeoutMs: 500 })
  await first.run('I am Grace')
  network.leadTo(1)
  network.drop()
  await expect(first.result()).rejects.toThrow('could not be reached')
  await server.cleared()
  const peer = await Peer.attach(world, server, 'left')
  await until('that is told', () => peer.of('agent_exited').length === 1)
  const second = new Conversation(server, { continue: true }, { session: 'left' })
  world.defer(() => second.close())
  expect(await second.run('who am I?')).toBe('echo: who am I?')
  expect(JSON.stringify(requestsWith(stage.claude, 'who am I?').at(-1)?.body)).toContain('I am Grace')
}, 60_000)

test('a line that is dead without a word is noticed, and made anew', async ({ stage, world }) => {
  const { network } = await world.network(stage.server)
  const conversation = new Conversation({ url: `http://127.0.0.1:${network.port}`, token: undefined })
  world.defer(() => conversation.close())
  await conversation.run('before')
  conversation.say('brief: and then silence')
  network.vanish()
  expect(await conversation.result()).toContain('word word')
  expect(await conversation.run('after')).toBe('echo: after')
}, 90_000)

test('a server that was killed in a turn tells how that ended, and the conversation is resumed', async ({
  stage,
  world,
}) => {
  const server = await world.server({ upstream: stage.claude.url })
  const first = new Conversation(server, {}, { session: 'crashed', reconnectTimeoutMs: 500 })
  await first.run('I am Barbara')
  first.say('hang: in the crash')
  await until('the model hears it', () => requestsWith(stage.claude, 'in the crash').length > 0, 40_000)
  server.kill('SIGKILL')
  await expect(first.result()).rejects.toThrow()
  const again = await restart(world, { claude: stage.claude, server })
  const peer = await Peer.attach(world, again.server, 'crashed')
  await until('that is told', () => peer.of('prompt_ended').length === 2)
  expect(peer.of('prompt_ended').map(({ outcome }) => outcome)).toEqual(['completed', 'interrupted'])
  const second = new Conversation(again.server, { continue: true }, { session: 'crashed' })
  world.defer(() => second.close())
  expect(await second.run('and who am I?')).toBe('echo: and who am I?')
  expect(JSON.stringify(requestsWith(stage.claude, 'and who am I?').at(-1)?.body)).toContain('I am Barbara')
}, 90_000)

test('a query that is aborted leaves no process behind', async ({ stage, world }) => {
  const server = await world.server({ upstream: stage.claude.url })
  const abortController = new AbortController()
  const conversation = new Conversation(server, { abortController })
  conversation.say('talk: until the abort')
  await until('the model talks', () => requestsWith(stage.claude, 'until the abort').length > 0, 40_000)
  abortController.abort()
  await expect(conversation.result()).rejects.toThrow()
  await server.cleared()
}, 60_000)
