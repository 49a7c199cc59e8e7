import type { Step } from 'scripted-claude'
import { heldMiB } from '../support/held-memory/held-memory.ts'
import { expect, test } from '../support/test.ts'
import { pause } from '../support/until.ts'
import { textOf, turnsOf } from '../support/messages.ts'

/** After 25 s a client that takes nothing is closed, however slow the machine is. */
const STALL_MS = 20_000
/** So many that holding it all would show in the memory. */
const MESSAGES = 550
const SIZE = 100_000
/** MiB that the server may hold more. */
const GROWTH = 16

test(
  'A client that reads slowly holds nobody up and costs bounded memory: what it has not read stays in the log (nothing of more than 50 MB, for up to 20 s)',
  { timeout: 300_000 },
  async ({ world }) => {
    const flood: Step = {
      text: (index) => `${index}:`.padEnd(SIZE, 'x'),
      repeat: MESSAGES,
      each: 'block',
      pace: { deltaSize: SIZE },
    }
    const { client, server, claude } = await world.talk(
      [
        { match: { lastUserText: 'flood' }, steps: [flood] },
        { match: { lastUserText: 'warm' }, steps: [{ text: 'w'.repeat(SIZE) }] },
      ],
      { isMeasured: true },
    )
    client.prompt('warm')
    await client.result()
    const baseline = await heldMiB(server)
    client.prompt('flood')
    client.pause()
    const isSaid = (): boolean => turnsOf(claude).at(-1)?.outcome === 'answered'
    for (const begin = Date.now(); !isSaid() && Date.now() - begin < STALL_MS;) await pause(100)
    const behind = client.messages().length
    const held = await heldMiB(server)
    client.resume()
    const result = await client.result(120_000)

    expect(result.subtype).toBe('success')
    expect(isSaid()).toBe(true)
    expect(behind, 'it did not read').toBeLessThan(MESSAGES / 2)
    const texts = client
      .messages()
      .filter(({ type }) => type === 'assistant')
      .map(textOf)
      .filter((text) => !text.startsWith('w'))
    expect(texts.map((text) => Number(text.split(':', 1)[0]))).toEqual(
      Array.from({ length: MESSAGES }, (_, index) => index),
    )
    expect(texts.every((text) => text.length === SIZE)).toBe(true)
    const uuids = client.messages().map(({ uuid }) => uuid)
    expect(new Set(uuids).size).toBe(uuids.length)
    expect(held - baseline, 'MiB that are held more').toBeLessThan(GROWTH)
    client.prompt('and now?')
    expect((await client.result(120_000)).result).toBe('echo: and now?')
  },
)
