import { setTimeout as delay } from 'node:timers/promises'

/** Waits until a condition holds and gives its value; fails with its name after `timeoutMs`. */
export async function until<T>(
  name: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 60_000,
): Promise<T> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const value = await condition()
    if (value !== undefined && value !== false) return value
    if (Date.now() > end) throw new Error(`Not within ${timeoutMs} ms: ${name}`)
    await delay(50)
  }
}
