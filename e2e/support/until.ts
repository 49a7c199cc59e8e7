/** Waits until a condition holds and gives its value; fails with its name after `timeoutMs`. */
export async function until<T>(
  name: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 40_000,
): Promise<T> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const value = await condition()
    if (value !== undefined && value !== false) return value
    if (Date.now() > end) throw new Error(`Not within ${timeoutMs} ms: ${name}`)
    await pause(25)
  }
}

export async function pause(ms: number): Promise<void> {
  await new Promise((go) => setTimeout(go, ms))
}
