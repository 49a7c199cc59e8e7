import { cp, mkdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url))

/** What of the working tree goes into a template, copied to a folder where a test may change it. */
export async function copyWorkingTree(to: string): Promise<string> {
  const parts = [
    'package.json',
    'package-lock.json',
    'docker/start-server',
    'packages/e2b-build/template',
    'e2e/package.json',
    'bench/package.json',
    ...['protocol', 'server', 'client', 'sandbox', 'web', 'scripted-claude', 'e2b-build'].map(
      (name) => `packages/${name}/package.json`,
    ),
    ...['src', 'dist', 'bin'].flatMap((name) => [`packages/server/${name}`, `packages/protocol/${name}`]),
  ]
  for (const part of parts.filter((name) => existsSync(join(REPOSITORY, name)))) {
    await mkdir(join(to, part, '..'), { recursive: true })
    await cp(join(REPOSITORY, part), join(to, part), { recursive: true })
  }
  return to
}
