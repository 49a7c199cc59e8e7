import { expect } from 'vitest'
import type { Claim } from '../contract.ts'
import { Conversation, http } from '../speak.ts'

export function neighbours(claim: Claim): void {
  claim('are listed by their metadata, all that fit and no other', async (stage) => {
    const [red, blue] = await Promise.all([
      stage.create({ metadata: { colour: 'red', shape: 'round' } }),
      stage.create({ metadata: { colour: 'blue', shape: 'round' } }),
    ])
    const ids = async (metadata: Record<string, string>): Promise<string[]> =>
      (await stage.list(metadata)).map(({ id }) => id).sort()
    expect(await ids({ shape: 'round' })).toEqual([red.id, blue.id].sort())
    expect(await ids({ shape: 'round', colour: 'blue' })).toEqual([blue.id])
    expect(await ids({ colour: 'green' })).toEqual([])
    const [info] = await stage.list({ colour: 'red' })
    expect(info).toMatchObject({ id: red.id, state: 'running', metadata: { colour: 'red', shape: 'round' } })
    expect(Math.abs(info!.createdAt - Date.now())).toBeLessThan(600_000)
  })

  claim("do not see each other's sessions and files, and refuse each other's token", async (stage) => {
    const [one, two] = await Promise.all([stage.create(), stage.create()])
    const talk = await Conversation.begin(one)
    await talk.say('bash: echo mine > only-in-one.txt')
    expect(JSON.stringify((await http(one, '/files?path=.')).body)).toContain('only-in-one.txt')
    expect(JSON.stringify((await http(two, '/files?path=.')).body)).not.toContain('only-in-one.txt')
    expect((await http(one, `/sessions/${talk.id}`)).status).toBe(200)
    expect((await http(two, `/sessions/${talk.id}`)).status).toBe(404)
    expect((await http(two, '/sessions', { token: one.token })).status).toBe(401)
  })

  claim("cannot reach each other's files and processes from inside", async (stage, skip) => {
    if (stage.engine.provider.capabilities.isolation === 'none')
      return skip('This engine says that nothing stands between its sandboxes.')
    const [one, two] = await Promise.all([stage.create(), stage.create()])
    const [here, there] = await Promise.all([Conversation.begin(one), Conversation.begin(two)])
    const look = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c 'sleep 271[.]25' || true"
    const place = await here.say(
      'bash: nohup sleep 271.25 > /dev/null 2>&1 & echo mine > only-in-one.txt; pwd',
    )
    const read = `cat '${place.trim()}/only-in-one.txt' || echo nothing there`
    expect(await here.say(`bash: ${look}`)).toMatch(/^1\s*$/)
    expect(await there.say(`bash: ${look}`)).toMatch(/^0\s*$/)
    expect(await here.say(`bash: ${read}`)).toMatch(/^mine\s*$/)
    expect(await there.say(`bash: ${read}`)).toContain('nothing there')
  })
}
