import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { until } from '../support.ts'
import { createSession, say } from './live-session.ts'

describe('an agent', () => {
  test('that is killed in a turn is told of with its cause, and the conversation goes on with another', async () => {
    const { session, events, asked, ended } = await createSession()
    await ended((await session.send(say('remember me'))).uuid)
    const dying = await session.send(say('die'))
    await until('the model hangs', () => asked().at(-1)!.includes('die'))
    process.kill(session.processId!, 'SIGKILL')
    expect(await ended(dying.uuid)).toBe('interrupted')
    expect(events().find((event) => event.type === 'agent_exited')).toMatchObject({
      signal: 'SIGKILL',
      resumable: true,
      cause: expect.stringContaining('SIGKILL') as string,
    })
    expect(await ended((await session.send(say('still there?'))).uuid)).toBe('completed')
    expect(asked().at(-1)).toContain('remember me')
  })

  test('that cannot start says why, and the next prompt tries again', async () => {
    const { session, events, workspace, ended } = await createSession()
    await rm(workspace, { recursive: true })
    expect(await ended((await session.send(say('x'))).uuid)).toBe('failed')
    expect(events().find((event) => event.type === 'error')).toMatchObject({
      code: 'agent_start_failed',
      error: expect.stringContaining(`${workspace} is not there`) as string,
    })
    await session.told()
    expect(session.info().status).toBe('failed')
    await mkdir(workspace)
    expect(await ended((await session.send(say('y'))).uuid)).toBe('completed')
    await session.told()
    expect(session.info().status).toBe('idle')
  })
})

describe('an agent whose start hangs, by a hook of its workspace,', () => {
  const hang = async (workspace: string): Promise<void> => {
    const hook = { hooks: [{ type: 'command', command: 'tail -f /dev/null', timeout: 600 }] }
    await mkdir(join(workspace, '.claude'))
    await writeFile(
      join(workspace, '.claude/settings.json'),
      JSON.stringify({ hooks: { SessionStart: [hook] } }),
    )
  }

  test('lets its prompt be interrupted, and be taken back at once', async () => {
    const { session, events, workspace, outcome, ended } = await createSession()
    await hang(workspace)
    const { uuid } = await session.send(say('hello'))
    const second = await session.send(say('hello again'))
    await new Promise((go) => setTimeout(go, 1500))
    expect(outcome(uuid)).toBeUndefined()
    session.interrupt()
    expect(await ended(uuid)).toBe('cancelled')
    expect(events().find((event) => event.type === 'error')).toMatchObject({ code: 'prompt_interrupted' })
    await session.cancel(second.uuid)
    expect(outcome(second.uuid)).toBe('cancelled')
  })

  test('is replaced by a change of the options, and the prompt that waits is answered', async () => {
    const { session, workspace, ended } = await createSession()
    await hang(workspace)
    const { uuid } = await session.send(say('hello'))
    await new Promise((go) => setTimeout(go, 1500))
    expect(await session.update({ options: { settingSources: [] } })).toBe('now')
    expect(await ended(uuid)).toBe('completed')
  })
})
