import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { startScriptedClaude } from 'scripted-claude'
import { describe, expect, onTestFinished, test } from 'vitest'
import { confine, hasBubblewrap } from '../../src/local/bubblewrap.ts'
import { local } from '../../src/local/local.ts'
import { Conversation } from '../speak.ts'
import { makePlace, type Place } from './place.ts'

const isThere = hasBubblewrap()
const patience = { timeout: 120_000 }

/** An agent in a sandbox that runs the commands that it is told to. */
async function shell(place: Place): Promise<{ id: string; run: (command: string) => Promise<string> }> {
  const claude = await startScriptedClaude({
    script: {
      rules: [],
      fallback: ({ lastUserText, toolResults }) =>
        toolResults.length > 0
          ? [{ text: toolResults.map(({ text }) => text).join('\n') }]
          : [{ toolUse: { name: 'Bash', input: { command: lastUserText } } }],
    },
  })
  onTestFinished(() => claude.close())
  const sandbox = await place.create({
    envs: { ANTHROPIC_API_KEY: 'sk-of-a-test', ANTHROPIC_BASE_URL: claude.url, CLAUDE_AGENT_SPARES: '0' },
  })
  const talk = await Conversation.begin(sandbox)
  return { id: sandbox.id, run: async (command) => (await talk.say(command)).trim() }
}

describe.skipIf(!isThere)('under bubblewrap', () => {
  test('the agent works in its workspace, and what it writes is there outside', patience, async () => {
    const place = await makePlace({ bubblewrap: true })
    const { id, run } = await shell(place)
    await run('echo made inside > made.txt')
    expect(await readFile(place.pathOf(id, 'workspace/made.txt'), 'utf8')).toBe('made inside\n')
  })

  test(
    'it sees neither the state with the token, nor the home of the user, nor /tmp of the machine',
    patience,
    async () => {
      const place = await makePlace({ bubblewrap: true })
      const { id, run } = await shell(place)
      await writeFile(join(place.folder, 'beside.txt'), 'beside')
      expect(await run(`ls ${place.pathOf(id)}`)).toBe('data\nhome\nworkspace')
      expect(await run(`cat ${place.pathOf(id, 'state.json')} || echo hidden`)).toContain('hidden')
      expect(await run(`cat ${join(place.folder, 'beside.txt')} || echo hidden`)).toContain('hidden')
      expect(await run(`ls -A ${homedir()} 2>/dev/null | grep -v '^$' || echo empty`)).toBe('empty')
      expect(await run('cat /etc/shadow || echo hidden')).toContain('hidden')
    },
  )

  test('it writes nowhere in the system, though it is the user of this machine', patience, async () => {
    const place = await makePlace({ bubblewrap: true })
    const { run } = await shell(place)
    for (const path of ['/usr/trace', '/etc/trace', process.execPath])
      expect(await run(`echo x >> ${path} && echo written || echo refused`), path).toContain('refused')
    expect(await run('echo x > /tmp/trace && echo written')).toBe('written')
    expect(spawnSync('ls', ['/tmp/trace']).status).not.toBe(0)
  })

  test('it sees no process of the machine, and has no capabilities', patience, async () => {
    const place = await makePlace({ bubblewrap: true })
    const { run } = await shell(place)
    expect(await run(`cat /proc/${process.pid}/cmdline || echo nobody`)).toContain('nobody')
    expect(await run("grep CapEff /proc/self/status | tr -d '[:space:]'")).toBe('CapEff:0000000000000000')
  })

  test('what `readable` names can be read there, and not written', patience, async () => {
    const folder = (await makePlace()).folder
    const place = await makePlace({ bubblewrap: true, readable: [`${folder}/..`] })
    await writeFile(join(folder, '../shown.txt'), 'shown')
    const { run } = await shell(place)
    expect(await run(`cat ${join(folder, '../shown.txt')}`)).toBe('shown')
    expect(await run(`echo x > ${join(folder, '../shown.txt')} || echo refused`)).toContain('refused')
  })
})

test('a provider says what isolation there is: with `auto` that of this machine', async () => {
  expect(local({ bubblewrap: false }).capabilities.isolation).toBe('none')
  expect(local({ bubblewrap: true }).capabilities.isolation).toBe('namespaces')
  expect(local().capabilities.isolation).toBe(isThere ? 'namespaces' : 'none')
  const heard: string[] = []
  const place = await makePlace()
  await place.create({ onProgress: ({ message }) => heard.push(message) })
  expect(heard.join(' ')).toContain('NOT isolated')
})

test('no argument for bubblewrap has a NUL, with which one would be several', () => {
  const layout = {
    folder: '/f',
    home: '/f/home',
    workspace: '/f/w',
    data: '/f/data',
    log: '/f/l',
    lock: '/f/k',
  }
  const told = (value: string, path = '/opt'): string[] =>
    confine({ layout, environment: { TENANT: value }, readable: [path], infoFd: 3 })
  expect(told('x').join('\0')).toContain('--setenv\0TENANT\0x')
  expect(() => told('x\0--bind\0/\0/')).toThrow(/NUL/)
  expect(() => told('x', '/opt\0--bind\0/\0/')).toThrow(/NUL/)
})
