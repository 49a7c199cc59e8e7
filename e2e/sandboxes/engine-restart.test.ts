import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { ClaudeAgentClient, connect, type Sandbox } from '@claude-agent/client'
import { docker } from '@claude-agent/sandbox/docker'
import { call, findModelHost, RESOURCES } from '../../packages/sandbox/test/docker/engine.ts'
import { describe, expect, test } from '../support/test.ts'
import { bash, script } from '../support/messages.ts'
import { until } from '../support/until.ts'

/** The process of the engine, where this test may restart it: no other test can use it meanwhile. */
const pidFile = process.env['TEST_DOCKER_RESTART']
const reason = pidFile ? '' : ' (skipped: npm run test:engine-restart restarts the engine)'

describe.skipIf(pidFile === undefined)(`an engine that is restarted${reason}`, () => {
  test(
    'in a turn: the client comes back by itself, and nothing that was acknowledged is lost',
    {
      timeout: 300_000,
    },
    async ({ world }) => {
      const engine = new EngineOfTest()
      world.defer(() => engine.stop())
      const { host, address } = await findModelHost()
      const claude = await world.claude({ script: script(bash('Sleep', 'sleep 300')), host })
      const client = new ClaudeAgentClient({
        sandbox: docker(),
        resources: RESOURCES,
        anthropicApiKey: 'sk-ant-of-this-test',
        anthropicBaseUrl: `http://${address}:${new URL(claude.url).port}`,
      })
      world.defer(() => client.stop())
      const results: string[] = []
      client.onMessage((message) => {
        if (message.type === 'sdk_message' && message.data.type === 'result')
          results.push(message.data.subtype)
      })
      await client.start()
      await client.writeFile('note.txt', 'kept')
      const provider = docker()
      const before = await sessionOf(await provider.connect(client.sandboxId!), 'one')
      const first = await before.prompt('Hello')
      expect(first).toMatchObject({ subtype: 'success', result: 'echo: Hello' })
      const { cursor } = before
      await before.send('Sleep')
      const waiting = await before.send('Are you still there?')
      await before.close()

      await engine.restart()

      await until('the client is back', () => client.state.status === 'connected', 120_000)
      expect(await client.readFile('note.txt')).toBe('kept')
      client.send({ type: 'user_message', data: { type: 'user', message: { role: 'user', content: 'Hi' } } })
      await until('it has its answer', () => results.includes('success'), 90_000)
      const after = await sessionOf(await provider.connect(client.sandboxId!), 'one')
      const told: string[] = []
      for await (const event of after.events({ after: cursor ?? null })) {
        told.push(event.type === 'sdk_message' ? `${event.type} ${event.data.type}` : event.type)
        if (event.type === 'prompt_ended' && event.uuid === waiting.uuid) {
          expect(event).toMatchObject({ outcome: 'completed' })
          break
        }
      }
      expect(told).toContain('agent_exited')
      expect(await after.prompt('And now?')).toMatchObject({ result: 'echo: And now?' })
      await after.close()
    },
  )
})

async function sessionOf(sandbox: Sandbox, id: string) {
  const { url, headers } = await sandbox.endpoint()
  return await connect({ url, headers, token: sandbox.token }).createSession({ id })
}

/** The engine that a test has started again; ended with the test. */
class EngineOfTest {
  #process: ChildProcess | undefined

  /** Ends the engine as a service manager does, and starts it again as it was started. */
  async restart(): Promise<void> {
    const id = Number(await readFile(pidFile!, 'utf8'))
    const [command, ...args] = (await readFile(`/proc/${id}/cmdline`, 'utf8')).split('\0').slice(0, -1)
    process.kill(id, 'SIGTERM')
    await until('the engine has ended', async () => !(await isThere(id)), 60_000)
    this.#process = spawn(command!, args, { stdio: 'ignore' })
    const answers = (): Promise<boolean> =>
      call(['info']).then(
        () => true,
        () => false,
      )
    await until('the engine is back', answers, 60_000)
  }

  async stop(): Promise<void> {
    if (this.#process === undefined) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGTERM')
    await ended
  }
}

async function isThere(id: number): Promise<boolean> {
  return await readFile(`/proc/${id}/stat`, 'utf8').then(
    (stat) => !/\) Z /.test(stat),
    () => false,
  )
}
