import { http, Peer } from '../support/peer.ts'
import { expect, setStage, test } from '../support/shared.ts'

test('sessions beyond CLAUDE_AGENT_MAX_SESSIONS are refused until one is deleted, and prompts beyond the line of one session', async ({
  world,
}) => {
  const { server } = await setStage(world, {
    CLAUDE_AGENT_MAX_SESSIONS: '2',
    CLAUDE_AGENT_MAX_QUEUED_PROMPTS: '2',
  })
  const peer = await Peer.create(world, server)
  await http(server, 'POST', '/sessions', { id: 'second' })
  const third = await http(server, 'POST', '/sessions', { id: 'third' })
  expect(third).toMatchObject({ status: 429, body: { code: 'too_many_sessions', retryAfterMs: 5000 } })
  expect(await http(server, 'POST', '/sessions', { id: 'second' })).toMatchObject({ status: 200 })
  await http(server, 'DELETE', '/sessions/second')
  expect(await http(server, 'POST', '/sessions', { id: 'third' })).toMatchObject({ status: 201 })

  const running = await peer.send('talk: full')
  for (const text of ['in line one', 'in line two']) await peer.send(text)
  const data = { type: 'user', message: { role: 'user', content: 'one too many' } }
  expect(await peer.http('POST', '/messages', { data })).toMatchObject({
    status: 429,
    body: { code: 'queue_full', retryAfterMs: 1000 },
  })
  peer.interrupt()
  expect(['interrupted', 'cancelled']).toContain(await peer.ended(running))
})

test('the list has each session once, the oldest first, however many were created in the same moment', async ({
  stage: { server },
}) => {
  const ids = Array.from({ length: 12 }, (_, index) => `listed-${String(99 - index)}`)
  await Promise.all(ids.map((id) => http(server, 'POST', '/sessions', { id })))
  const listed: string[] = []
  let times: number[] = []
  for (let next: string | undefined = ''; next !== undefined;) {
    const after: string = next === '' ? '' : `&after=${next}`
    const { body } = await http(server, 'GET', `/sessions?limit=5${after}`)
    listed.push(...body.sessions.map(({ id }) => id))
    times = [...times, ...body.sessions.map(({ createdAt }) => createdAt)]
    next = body.next
  }
  expect(listed.filter((id) => id.startsWith('listed-')).sort()).toEqual(ids.sort())
  expect(times).toEqual(times.toSorted((one, other) => one - other))
})

test('a creation that asks for what there is not is refused with the place of the mistake', async ({
  stage: { server },
}) => {
  const wrong: [object, string][] = [
    [{ id: 'no spaces' }, 'id'],
    [{ id: 'x'.repeat(65) }, 'id'],
    [{ titel: 'misspelt' }, 'titel'],
    [{ limits: { maxTurn: 1 } }, 'maxTurn'],
    [{ limits: { maxTurns: -1 } }, 'maxTurns'],
    [{ askTimeoutMs: 1.5 }, 'askTimeoutMs'],
    [{ metadata: { key: 7 } }, 'key'],
    [{ options: { canUseTool: 'x' } }, 'canUseTool'],
  ]
  for (const [request, place] of wrong) {
    const { status, text } = await http(server, 'POST', '/sessions', request)
    expect([status, text], JSON.stringify(request)).toEqual([400, expect.stringContaining(place)])
  }
})
