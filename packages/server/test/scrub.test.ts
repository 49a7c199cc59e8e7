import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'
import { expect, onTestFinished, test } from 'vitest'

const isLinux = process.platform === 'linux'

const { output } = await build({
  input: fileURLToPath(new URL('../src/scrub.ts', import.meta.url)),
  platform: 'node',
  write: false,
})
const PROGRAM = `
  ${output[0].code}
  const done = scrubEnvironment(['SECRET_ONE', 'SECRET_TWO', 'MISSING'])
  console.log(JSON.stringify({ done, kept: process.env.KEPT, path: process.env.PATH }))
  setInterval(() => {}, 1000)
`

test.skipIf(!isLinux)(
  'secrets are gone from /proc/<id>/environ, and nothing else is (needs Linux)',
  async () => {
    const env = {
      PATH: '/usr/bin',
      SECRET_ONE: 'value-one',
      KEPT: 'SECRET_TWO=not this',
      SECRET_TWO: 'value=two',
      XSECRET_ONE: 'other',
    }
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
    expect(JSON.parse(line)).toEqual({ done: true, kept: 'SECRET_TWO=not this', path: '/usr/bin' })
    const shown = await readFile(`/proc/${child.pid}/environ`, 'utf8')
    expect(shown).not.toMatch(/value-one|value=two/)
    expect(shown).toContain('KEPT=SECRET_TWO=not this')
    expect(shown).toContain('XSECRET_ONE=other')
  },
)
