import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { failedStep } from '../src/failed-step.ts'
import { readable } from '../src/progress.ts'
import { BASE_IMAGE, planSteps } from '../src/steps.ts'

const nothing = { aptPackages: [], files: [], commands: [] }
const steps = planSteps({ ...nothing, commands: ['make it'] })

describe('the steps', () => {
  test('end with the server, so that its change costs no other step', () => {
    const titles = planSteps({ ...nothing, files: [{ from: 'a', to: '/a' }], commands: ['make it'] }).map(
      ({ title }) => title,
    )
    expect(titles).toEqual([
      'system packages',
      'users',
      'dependencies (copy)',
      'dependencies',
      'extra files (copy)',
      'extra files',
      'command 1 of e2b.config.json',
      'server (copy)',
      'server',
    ])
  })

  test('are the same for packages in another order, or named twice', () => {
    expect(planSteps({ ...nothing, aptPackages: ['jq', 'git', 'gcc'] })).toEqual(
      planSteps({ ...nothing, aptPackages: ['gcc', 'jq'] }),
    )
  })

  test('begin with the base that the image of Docker has', async () => {
    const dockerfile = await readFile(new URL('../../../docker/Dockerfile', import.meta.url), 'utf8')
    expect(dockerfile).toContain(`ARG BASE=${BASE_IMAGE}\n`)
  })

  test('are shown by title, and other lines as they are', () => {
    expect(readable(steps, '[builder 3/9] RUN apt-get update && more root')).toBe(
      '[builder 3/9] system packages',
    )
    expect(readable(steps, 'CACHED [builder 4/9] RUN useradd')).toBe('[builder 4/9] users (unchanged)')
    for (const line of ['[builder 3/9] [stdout]: RUN', '[builder 1/9] USER root', 'RUN', '[base] FROM x'])
      expect(readable(steps, line)).toBe(line)
  })
})

describe('a failed build', () => {
  const entry = (
    message: string,
  ): { message: string; level: 'info'; timestamp: Date; toString: () => string } => ({
    message,
    level: 'info',
    timestamp: new Date(0),
    toString: () => message,
  })

  test('is told with the step by its title, and the last twenty lines of its log', () => {
    const lines = Array.from({ length: 30 }, (_, index) => entry(`line ${index}`))
    const error = failedStep(steps, { step: '7', message: 'exit status 3', logEntries: lines }, ['other'])
    expect(error).toMatchObject({ code: 'build_failed' })
    expect(error.message.split('\n')).toEqual([
      "The build failed at step 'command 1 of e2b.config.json': exit status 3",
      ...lines.slice(10).map(({ message }) => `  | ${message}`),
    ])
  })

  test.each([
    ['base', ' at the base image'],
    ['finalize', ' at the start of the server'],
    ['99', ' at step 99'],
    [undefined, ''],
  ])('is told where E2B names the step %s, with the log as it came', (step, where) => {
    const reason = { message: 'no', logEntries: [], ...(step !== undefined && { step }) }
    expect(failedStep(steps, reason, ['a\nb\n']).message).toBe(`The build failed${where}: no\n  | a\n  | b`)
  })
})
