import { residentMiB } from '../support/processes.ts'
import { expect, test } from '../support/test.ts'
import { pause, until } from '../support/until.ts'
import { textOf, turnsOf } from '../support/messages.ts'

/** Double of what is promised, so that holding it all would show in the memory. */
const MESSAGES = 1000
const SIZE = 100_000
/** MiB that the server may grow by, for garbage not collected yet too. */
const GROWTH = 120

test(
  'A client that reads slowly holds nobody up and costs bounded memory: what it has not read stays in the log (20 s of nothing, more than 50 MB)',
  { timeout: 180_000 },
  async ({ world }) => {
    const { client, server, claude } = await world.talk([
      {
        match: { lastUserText: 'flood' },
        steps: [
          {
            text: (index) => `${index}:`.padEnd(SIZE, 'x'),
            repeat: MESSAGES,
            each: 'block',
            pace: { deltaSize: SIZE },
          },
        ],
      },
      { match: { lastUserText: 'warm' }, steps: [{ text: 'w'.repeat(SIZE) }] },
    ])
    client.prompt('warm')
    await client.result()
    const baseline = await residentMiB(server.pid)
    let peak = baseline
    const watch = setInterval(
      () =>
        void residentMiB(server.pid).then(
          (now) => (peak = Math.max(peak, now)),
          () => {},
        ),
      100,
    )
    world.defer(() => clearInterval(watch))

    client.prompt('flood')
    client.pause()
    await pause(20_000)
    await until('all was said', () => turnsOf(claude).at(-1)?.outcome === 'answered', 60_000)
    const behind = client.messages().length
    client.resume()
    const result = await client.result(60_000)
    clearInterval(watch)

    expect(result.subtype).toBe('success')
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
    expect(peak - baseline, 'growth in MiB').toBeLessThan(GROWTH)
    client.prompt('and now?')
    expect((await client.result()).result).toBe('echo: and now?')
  },
)
