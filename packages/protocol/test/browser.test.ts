import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

const folder = new URL('../src/', import.meta.url)

test('the package loads in a browser: no file of it imports node, and the root imports nothing at run time', async () => {
  for (const name of await readdir(folder)) {
    const source = await readFile(new URL(name, folder), 'utf8')
    const imports = [...source.matchAll(/^(?:import|export) (?!type\b).*?from '([^']+)'/gms)].map(
      ([, from]) => from,
    )
    const foreign = imports.filter((from) => !from!.startsWith('./'))
    expect(foreign, name).toEqual(name.endsWith('schema.ts') ? ['zod/mini'] : [])
  }
})
