import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { CreateOptions } from '../src/provider.ts'
import type { OpenEngine } from './engine.ts'

const PROGRAM = fileURLToPath(new URL('creator.mjs', import.meta.url))

/** Creates a sandbox in another process, which is dead when this resolves. */
export async function createElsewhere(
  { creator }: OpenEngine,
  create: CreateOptions,
): Promise<{ id: string }> {
  const { env, ...rest } = creator
  const child = spawn(process.execPath, [PROGRAM], { env: { ...process.env, ...env }, stdio: 'pipe' })
  const dead = once(child, 'exit')
  child.stdin.end(JSON.stringify({ ...rest, create }))
  const [told, complaints] = await Promise.all([text(child.stdout), text(child.stderr)])
  await dead
  if (told === '') throw new Error(`The creator made nothing: ${complaints}`)
  return JSON.parse(told) as { id: string }
}
