import { describe, expect, test } from 'vitest'
import { CallbacksWorld, SECRET, server } from './world.ts'

const mcpServers = { my: server() }

describe('a registration', () => {
  test('is an event with the hash of the secret, and never the secret', async () => {
    const world = new CallbacksWorld()
    const port = await world.register({ mcpServers })
    expect(port.registered).toEqual([{ client: 'ada', asks: [] }])
    expect(world.events).toEqual([
      {
        type: 'client_registered',
        client: 'ada',
        owner: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        registration: { mcpServers },
      },
    ])
    expect(JSON.stringify(world.events)).not.toContain(SECRET)
  })

  test('changes nothing when it is the same, takes the place of another, and ends with an empty one', async () => {
    const world = new CallbacksWorld()
    const prints = [world.registrations.fingerprint]
    for (const given of [mcpServers, mcpServers, { my: server(['other']) }, {}, {}]) {
      await world.register({ mcpServers: given })
      prints.push(world.registrations.fingerprint)
    }
    expect(world.events).toHaveLength(3)
    expect(world.starts).toBe(3)
    expect(prints[1]).toBe(prints[2])
    expect(new Set(prints.slice(1, 4)).size).toBe(2)
    expect([prints[0], prints[4], prints[5]]).toEqual(['', '', ''])
    expect(world.registrations.clients).toEqual([])
  })

  test('comes to the same in whatever order clients came', async () => {
    const [one, other] = [new CallbacksWorld(), new CallbacksWorld()]
    const [ada, bob] = [{ mcpServers }, { client: 'bob', mcpServers: { his: server() } }]
    for (const each of [ada, bob]) await one.register(each)
    for (const each of [bob, ada]) await other.register(each)
    expect(one.registrations.fingerprint).toBe(other.registrations.fingerprint)
  })

  test('of a name that has another secret is refused, and changes nothing', async () => {
    const world = new CallbacksWorld()
    await world.register({ mcpServers })
    await expect(world.register({ secret: 'guessed by a stranger' })).rejects.toMatchObject({
      code: 'owner_mismatch',
    })
    expect(world.events).toHaveLength(1)
    await world.register({ mcpServers: {} })
    await world.register({ secret: 'the name is free again', mcpServers })
  })

  test.each([
    ['of the options', 'my', /by the options/],
    ['of another client', 'his', /by the client 'bob'/],
    ['that the CLI takes for the same', 'h.s', /by the client 'carl'/],
  ])('of a server with the name of one %s is refused', async (_, name, message) => {
    const world = new CallbacksWorld()
    world.serverNames = ['my']
    await world.register({ client: 'bob', mcpServers: { his: server() } })
    await world.register({ client: 'carl', mcpServers: { 'h s': server() } })
    await expect(world.register({ mcpServers: { [name]: server() } })).rejects.toMatchObject({
      code: 'registration_conflict',
      message: expect.stringMatching(message) as string,
    })
  })

  test('of two clients at once for one name goes to the first', async () => {
    const world = new CallbacksWorld()
    const tries = ['one', 'two'].map((client) => world.register({ client, mcpServers }))
    expect((await Promise.allSettled(tries)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  })

  test('of the 17th client, and of more than 256 KiB in all, is refused', async () => {
    const world = new CallbacksWorld()
    const text = 'x'.repeat(200_000)
    await world.register({ client: 'large', hooks: { Stop: [{ callbacks: [text] }] } })
    await expect(world.register({ hooks: { Stop: [{ callbacks: [text] }] } })).rejects.toMatchObject({
      code: 'registration_too_large',
    })
    for (let index = 1; index < 16; index += 1)
      await world.register({ client: `client ${index}`, hooks: { Stop: [{ callbacks: ['a'] }] } })
    await expect(world.register({ hooks: { Stop: [{ callbacks: ['a'] }] } })).rejects.toMatchObject({
      code: 'registration_conflict',
    })
  })

  test('that cannot be written is refused, and the next is taken', async () => {
    const world = new CallbacksWorld()
    world.events.push = () => {
      throw new Error('full')
    }
    await expect(world.register({ mcpServers })).rejects.toThrow('full')
    world.events.push = Array.prototype.push
    await world.register({ mcpServers })
    expect(world.events).toHaveLength(1)
  })
})
