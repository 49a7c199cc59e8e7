import { readdir, readFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { bash } from '../../support/messages.ts'
import { ask } from '../../support/http.ts'
import type { World } from '../../support/test.ts'
import type { Script } from 'scripted-claude'

const FOLDER = new URL('attack/', import.meta.url)
const MS = 240_000

/** A key that nobody else has, and the moment before which no file holds it. */
export interface Secret {
  key: string
  sinceMs: number
}

export function drawSecret(): Secret {
  return {
    key: ['sk', 'ant', 'attack', randomBytes(16).toString('hex')].join('-'),
    sinceMs: Date.now() - 1000,
  }
}

/** Where an agent is attacked from: a server that can be spoken to, with an agent that runs what it is told. */
export interface Place {
  url: string
  headers: Record<string, string>
  /** What the agent should not find, by name. */
  secrets: Record<string, string>
  sinceMs: number
  /** The machine's processes and ports are those of others, too. @default false */
  isShared?: boolean
  /** What everybody may write to, and which holds nothing. */
  open?: string[]
  /** Addresses that the agent should not reach; `gateway` is the one that the sandbox's way out goes by. */
  closed?: { host: string; port: number; what: string }[]
}

export interface Report {
  /** What should not have worked, a line each. */
  findings: string[]
  /** How much was looked at, by kind. */
  looked: Record<string, number>
}

/** The rule of a scripted model that has the agent run the attack. */
export const ATTACK: Script['rules'][number] = bash('attack', 'node attack/main.mjs 2>&1', { timeout: MS })

/** Brings the attack into the workspace and has the agent run it. */
export async function attack(world: World, place: Place): Promise<Report> {
  const { url, headers, secrets, sinceMs, isShared = false, open = [], closed = [] } = place
  // Backwards, so that what looks for them is itself no hit.
  const backwards = Object.entries(secrets).map(([name, text]) => [name, text.split('').reverse().join('')])
  const given = JSON.stringify({ secrets: Object.fromEntries(backwards), sinceMs, isShared, open, closed })
  const names = await readdir(FOLDER)
  const texts = names.map(async (name) => [name, await readFile(new URL(name, FOLDER), 'utf8')] as const)
  for (const [name, body] of [...(await Promise.all(texts)), ['given.json', given] as const]) {
    const at = `${url}/files/content?path=attack/${name}`
    const { status, text } = await ask(at, { method: 'PUT', headers, body })
    if (status >= 300) throw new Error(`The attack could not be brought in: ${status} ${text}`)
  }
  const client = world.client(`${url.replace(/^http/, 'ws')}/ws`, headers)
  await client.next((frame) => frame.type === 'connected')
  client.prompt('attack')
  const { result } = await client.result(MS)
  const report = /^(?:printed: )?attack: (\{.*\})$/m.exec(result)?.[1]
  if (report === undefined) throw new Error(`The attack did not end: ${result}`)
  return JSON.parse(report) as Report
}
