import { execFileSync, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ERRORS } from '@claude-agent/protocol'
import { demoScript } from 'scripted-claude'
import { signal } from '../../support/processes.ts'
import { runProgram } from '../../support/server.ts'
import { expect, test } from '../../support/test.ts'
import { until } from '../../support/until.ts'
import { fits, readGuide } from './support/guide.ts'

const GUIDE = new URL('../../../docs/sessions.md', import.meta.url)

/** Why the commands are not run, for the name of the test; empty when they are. */
function missingCurl(): string {
  try {
    execFileSync('bash', ['-c', 'curl --version'], { stdio: 'ignore' })
    return ''
  } catch {
    return ' (left out: there is no curl here, or no bash)'
  }
}

const reason = missingCurl()

test.skipIf(reason !== '')(
  `every command of docs/sessions.md does, with the real curl, what the page says${reason}`,
  { timeout: 60_000 },
  async ({ world }) => {
    const steps = readGuide(await readFile(GUIDE, 'utf8'))
    expect(steps.length).toBeGreaterThanOrEqual(10)
    const { url: upstream } = await world.claude({ script: demoScript() })
    const server = await world.server({ upstream })
    for (const { command, expected } of steps) {
      const shell = spawn('bash', ['-c', command.replaceAll('http://localhost:3000', server.url)], {
        env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: server.home },
        cwd: server.folder,
        stdio: ['ignore', 'pipe', 'ignore'],
        detached: true,
      })
      world.defer(() => signal(-shell.pid!, 'SIGKILL'))
      let output = ''
      let isClosed = false
      shell.once('close', () => (isClosed = true))
      shell.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
      // A stream goes on for as long as one listens.
      const isOver = (): boolean => fits(output, expected) || isClosed
      await until(command, isOver, 20_000).catch(() => undefined)
      signal(-shell.pid!, 'SIGKILL')
      if (!fits(output, expected))
        expect(output.replaceAll(/(?<=.{400}).+/g, ''), command).toBe(expected.text)
    }
    expect(await readFile(join(server.workspace, 'hello.txt'), 'utf8')).toContain('Hello, world')
  },
)

test('the settings in docs/sessions.md are those of the server, with their defaults', async () => {
  const rows = [...(await readFile(GUIDE, 'utf8')).matchAll(/^\| `(CLAUDE_\w+)` +\| `(\d+)`/gm)]
  expect(rows.length).toBeGreaterThan(5)
  const { stdout } = await runProgram({ args: ['--help'] })
  for (const [, variable, value] of rows)
    expect(stdout).toMatch(new RegExp(String.raw`^.*\b${variable} .*\(default: ${value}\)$`, 'm'))
})

test('the codes in docs/sessions.md are those of the protocol', async () => {
  const [, limits] = (await readFile(GUIDE, 'utf8')).split('## Limits')
  const codes = [...limits!.matchAll(/`([a-z]+_[a-z_]+)`/g)].map(([, code]) => code)
  expect(codes.length).toBeGreaterThan(4)
  for (const code of codes) expect(ERRORS).toHaveProperty(code!)
})
