import { Sandbox } from 'e2b'
import { ask } from '../support/http.ts'
import { allProcesses } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { test as base } from '../support/test.ts'
import { E2bDouble, type E2bDoubleOptions } from '../doubles/e2b/double.ts'
import { addServerTemplate, type ServerTemplate } from '../doubles/e2b/server-template.ts'

export { expect, describe } from '../support/test.ts'

/** Starts a double that is gone after the test, with the template `base` (nothing in it), and one with a server. */
export type StartDouble = (options?: E2bDoubleOptions, template?: ServerTemplate) => Promise<E2bDouble>

export const test = base.extend<{ startDouble: StartDouble }>({
  startDouble: async ({ world }, use) => {
    await use(async (options, template) => {
      const double = await E2bDouble.start(options)
      world.defer(() => double.close())
      double.templates.add({ templateId: 'base-id', names: ['base'] })
      await addServerTemplate(double, await world.folder(), { server: 'stub', ...template })
      return double
    })
  },
})

/** Processes with the mark of a sandbox. */
export async function marked(id: string): Promise<string[]> {
  return (await allProcesses())
    .filter(({ environment }) => environment.includes(`E2B_DOUBLE_SANDBOX=${id}`))
    .map(({ command }) => command)
}

/** The headers by which a port of a sandbox is reached. */
export function route(sandbox: Sandbox, port: number): Record<string, string> {
  return { 'e2b-sandbox-id': sandbox.sandboxId, 'e2b-sandbox-port': String(port) }
}

/** A sandbox whose stub server has the token `its-token`. */
export async function openSandbox(
  double: E2bDouble,
  options: Parameters<typeof Sandbox.create>[1] = {},
): Promise<Sandbox> {
  const sandbox = await Sandbox.create('claude-agent-server', { ...double.connection, ...options })
  const token = JSON.stringify({ env: { CLAUDE_AGENT_TOKEN: 'its-token' } })
  await sandbox.files.write('/run/claude-agent/seal.json', token, { user: 'server' })
  await until('it is unsealed', async () => {
    const { status } = await ask(`${double.url}/`, {
      headers: { ...route(sandbox, 3000), authorization: 'Bearer its-token' },
    })
    return status === 200
  })
  return sandbox
}
