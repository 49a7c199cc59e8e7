import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ScriptedClaudeError } from '../errors.ts'
import type { Cassette } from './cassette.ts'
import { parseCassette } from './parse-cassette.ts'

/** The longest cassette that is read or written, in bytes. */
export const maxCassetteBytes = 64 * 2 ** 20

/**
 * Reads a cassette from a file.
 * @throws ScriptedClaudeError `unreadable_cassette` or `invalid_cassette`
 */
export async function loadCassette(path: string): Promise<Cassette> {
  const text = await readBounded(path).catch((cause: unknown) => {
    throw new ScriptedClaudeError({
      code: 'unreadable_cassette',
      message: `Cannot read the cassette ${path}: ${reasonOf(cause)}.`,
      hint: 'Record one first: scripted-claude record --cassette <file> -- <command>.',
      cause,
    })
  })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ScriptedClaudeError({
      code: 'invalid_cassette',
      message: `${path} is not valid JSON: ${reasonOf(cause)}.`,
      hint: 'If a merge left its marks in it, record it again.',
      cause,
    })
  }
  return parseCassette(value, path)
}

/** Writes a cassette whole or not at all. */
export async function writeCassette(path: string, text: string): Promise<void> {
  const temporary = `${resolve(path)}.${process.pid}.tmp`
  try {
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw unwritable(path, cause)
  }
}

/** Makes sure, before anything is recorded, that it can be written. */
export async function checkWritable(path: string): Promise<void> {
  const probe = `${resolve(path)}.${process.pid}.tmp`
  try {
    await mkdir(dirname(resolve(path)), { recursive: true })
    if ((await stat(path).catch(() => undefined))?.isDirectory() === true) throw new Error('it is a folder')
    await (await open(probe, 'w')).close()
    await rm(probe)
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

async function readBounded(path: string): Promise<string> {
  const { size } = await stat(path)
  if (size > maxCassetteBytes) throw new Error(`it has ${size} bytes, and the most is ${maxCassetteBytes}`)
  return readFile(path, 'utf8')
}

function unwritable(path: string, cause: unknown): ScriptedClaudeError {
  return new ScriptedClaudeError({
    code: 'unwritable_cassette',
    message: `Cannot write the cassette ${path}: ${reasonOf(cause)}.`,
    hint: 'Give the path of a file in a folder that can be written.',
    cause,
  })
}

function reasonOf(cause: unknown): string {
  return (cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)).replace(/\.$/, '')
}
