import { open } from 'node:fs/promises'
import { AgentServerError } from '@claude-agent/protocol'
import { describe, expect, test } from 'vitest'
import { hasSystemCode, toFileError, withFileErrors } from '../../src/files/system-error.ts'

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it went wrong, open '/real/place'`), { code, syscall: 'open' })
}

describe('an error of the file system', () => {
  test.each([
    ['ENOENT', 'path_not_found'],
    ['ENOTDIR', 'not_a_directory'],
    ['EISDIR', 'not_a_file'],
    ['ENXIO', 'not_a_file'],
    ['EEXIST', 'path_exists'],
    ['ENOTEMPTY', 'directory_not_empty'],
    ['EACCES', 'path_denied'],
    ['EPERM', 'path_denied'],
    ['EROFS', 'path_denied'],
    ['ENAMETOOLONG', 'invalid_path'],
    ['ELOOP', 'invalid_path'],
    ['EXDEV', 'invalid_path'],
    ['ENOSPC', 'storage_full'],
    ['EDQUOT', 'storage_full'],
    ['EFBIG', 'file_too_large'],
    ['EIO', 'internal'],
    ['EMFILE', 'internal'],
  ])('%s becomes %s, with the path as it was asked for', (code, expected) => {
    const error = toFileError(systemError(code), 'asked.txt') as AgentServerError
    expect(error).toBeInstanceOf(AgentServerError)
    expect(error.code).toBe(expected)
    expect(error.message).toContain('"asked.txt"')
    expect(JSON.stringify(error)).not.toContain('/real/place')
    expect(error.cause).toBeInstanceOf(Error)
  })

  test('of a full device becomes storage_full', async () => {
    const write = async (): Promise<void> => {
      const handle = await open('/dev/full', 'w')
      try {
        await handle.write('x')
      } finally {
        await handle.close()
      }
    }
    await expect(withFileErrors('x', write)).rejects.toMatchObject({ code: 'storage_full' })
  })
})

test('errors that are none of the file system pass as they are', async () => {
  const known = new AgentServerError({ code: 'file_too_large', message: 'too large' })
  const fault = new TypeError('a fault')
  expect(toFileError(known, 'x')).toBe(known)
  expect(toFileError(fault, 'x')).toBe(fault)
  expect(toFileError('text', 'x')).toBe('text')
  await expect(withFileErrors('x', () => Promise.reject(fault))).rejects.toBe(fault)
  expect(hasSystemCode(systemError('ENOENT'), 'EEXIST', 'ENOENT')).toBe(true)
  expect(hasSystemCode(fault, 'ENOENT')).toBe(false)
})
