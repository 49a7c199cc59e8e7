import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, onTestFinished } from 'vitest'

const source = fileURLToPath(new URL('../..', import.meta.url))
const compiler = fileURLToPath(new URL('../../../../node_modules/typescript/bin/tsc', import.meta.url))
/** The folder that holds the built command. */
export let built = ''

// The command is built to a folder of the test's own, so that what runs is what is written now.
beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'scripted-claude-bin-'))
  const target = ['--outDir', join(built, 'dist'), '--tsBuildInfoFile', join(built, 'info')]
  await promisify(execFile)(process.execPath, [compiler, '-p', source, ...target])
  await copyFile(join(source, 'package.json'), join(built, 'package.json'))
})

afterAll(() => rm(built, { recursive: true, force: true }))

/** A started command, and what it has printed so far. */
export interface Command {
  child: ChildProcess
  output: { out: string; err: string }
}

/** Starts the command. */
export function run(...args: string[]): Command {
  const env = { PATH: process.env['PATH'], ANTHROPIC_API_KEY: 'a-planted-key-of-the-test' }
  const child = spawn(process.execPath, [join(built, 'dist/bin.js'), ...args], { env })
  onTestFinished(() => void child.kill('SIGKILL'))
  const output = { out: '', err: '' }
  child.stdout.on('data', (data: Buffer) => (output.out += data.toString()))
  child.stderr.on('data', (data: Buffer) => (output.err += data.toString()))
  return { child, output }
}

/** Runs to the end. */
export async function runToEnd(
  ...args: string[]
): Promise<{ code: number | null; out: string; err: string }> {
  const { child, output } = run(...args)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...output }
}

/** Runs until it listens; gives the URL. */
export async function runServer(...args: string[]): Promise<Command & { url: string }> {
  const command = run(...args, '--port', '0')
  while (!command.output.out.includes('\n'))
    await once(command.child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  const url = /http:\/\/[\w.:[\]]+/.exec(command.output.out)?.[0]
  if (url === undefined) throw new Error(`No URL in: ${command.output.out}${command.output.err}`)
  return { ...command, url }
}
