import { describe, expect, test } from 'vitest'
import { explainFailure } from '../../src/docker/failure.ts'

const SAID: [string, string][] = [
  [
    'Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?',
    'engine_unreachable',
  ],
  ['error during connect: Get "http://x:2375/_ping": dial tcp: lookup x: no such host', 'engine_unreachable'],
  ['permission denied while trying to connect to the Docker daemon socket at unix:///x.sock', 'unauthorized'],
  ['docker: Error response from daemon: No such image: nope:latest', 'template_not_found'],
  ['Error response from daemon: pull access denied for a/b, repository does not exist', 'template_not_found'],
  ['Error response from daemon: Head "https://r/v2/": unauthorized: authentication required', 'unauthorized'],
  ['Error response from daemon: No such container: gone', 'sandbox_not_found'],
  ['docker: Error response from daemon: Range of CPUs is from 0.01 to 2.00', 'quota_exceeded'],
  [
    'could not find an available, non-overlapping IPv4 address pool among the defaults: address pools',
    'quota_exceeded',
  ],
  ['docker: Error response from daemon: Unknown runtime specified runsc.', 'not_supported'],
  ['something that nobody has seen', 'start_failed'],
]

function explain(error: object, stderr = ''): ReturnType<typeof explainFailure> {
  return explainFailure('docker', Object.assign(new Error('failed'), error), stderr, 5_000)
}

describe('a call of the engine that fails', () => {
  test.each(SAID)('with "%s" is %s', (said, code) => {
    const error = explain({ code: 125 }, said)
    expect(error.code).toBe(code)
    expect(error.hint).toBeDefined()
  })

  test('because the command is not installed is engine_unreachable, and says which command', () => {
    expect(explain({ code: 'ENOENT' })).toMatchObject({
      code: 'engine_unreachable',
      message: expect.stringContaining("'docker'") as string,
    })
  })

  test('because it took too long is engine_unreachable, with the time', () => {
    expect(explain({ killed: true })).toMatchObject({
      code: 'engine_unreachable',
      message: expect.stringContaining('5000 ms') as string,
    })
  })

  test("says what the engine said, without the command's own advice", () => {
    const said = "docker: Error response from daemon: It is broken.\nSee 'docker run --help'.\n"
    expect(explain({ code: 125 }, said).message).toBe('The engine refused: It is broken.')
  })
})
