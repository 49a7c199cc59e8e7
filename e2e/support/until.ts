/** Waits until a condition holds and gives its value; fails with its name after `timeoutMs`. */
export async function until<T>(
  name: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 40_000,
): Promise<T> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const begin = performance.now()
    const value = await condition()
    if (value !== undefined && value !== false) return value
    if (Date.now() > end) throw new Error(`Not within ${timeoutMs} ms: ${name}`)
    // To look at every process of the machine without a pause would keep a core from what is waited for.
    await pause(Math.max(25, 4 * (performance.now() - begin)))
  }
}

export async function pause(ms: number): Promise<void> {
  await new Promise((go) => setTimeout(go, ms))
}
