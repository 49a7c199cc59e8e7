import { readdir, readFile } from 'node:fs/promises'

/** The command line of every process of this machine, which every user can read. Linux only. */
export async function commandLines(): Promise<string[]> {
  const names = await readdir('/proc').catch((): string[] => [])
  return await Promise.all(
    names
      .filter((name) => /^\d+$/.test(name))
      .map((name) => readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')),
  )
}

/** Gathers command lines that hold one of the secrets, until it is stopped. */
export async function watchCommandLines(secrets: () => string[], isOver: () => boolean): Promise<string[]> {
  const found: string[] = []
  while (!isOver())
    found.push(...(await commandLines()).filter((line) => secrets().some((secret) => line.includes(secret))))
  return found
}
