import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { filesWith } from '../support/folder.ts'
import { ask, upgrade } from '../support/http.ts'
import { agentProcesses, allProcesses, signal } from '../support/processes.ts'
import { describe, expect, test } from '../support/test.ts'
import { until } from '../support/until.ts'
import { startSealed, TOKEN } from './support/sealed-server.ts'

const KEY = 'key-of-the-sealed-91c2'
const authorization = `Bearer ${TOKEN}`

describe('a server that is started sealed', () => {
  test('listens everywhere, and answers nothing but its health', async ({ world }) => {
    const { program, url, dataDir } = await startSealed(world)
    expect((await ask(`${url}/health`)).json).toMatchObject({ status: 'ok', sealed: true })
    const headers = { authorization: 'Bearer ' }
    for (const path of ['/', '/config', '/sessions', '/files?path=.'])
      expect((await ask(url + path, { headers })).json).toMatchObject({ code: 'sealed' })
    expect(await upgrade(`${url}/ws`)).toMatchObject({ status: 503, json: { code: 'sealed' } })
    expect(program.stdout).toMatch(/^claude-agent-server .+\n +sealed .+seal\.json/)
    // Nothing was drawn yet that copies of it would have in common.
    expect(existsSync(dataDir)).toBe(false)
  })

  test('serves with the token and the key that the file brings, on the same port, and shows neither', async ({
    world,
  }) => {
    const { url: upstream } = await world.claude()
    const sealed = await startSealed(world)
    await sealed.give({
      CLAUDE_AGENT_TOKEN: TOKEN,
      ANTHROPIC_API_KEY: KEY,
      ANTHROPIC_BASE_URL: upstream,
      LANG: 'C.UTF-8',
    })
    await sealed.opened()
    const { program, url, dataDir, sealFile } = sealed
    expect((await ask(`${url}/health`)).json).toMatchObject({ status: 'ok', sealed: false })
    expect((await ask(`${url}/config`)).status).toBe(401)
    const client = await world.connect({ wsUrl: `${url.replace('http', 'ws')}/ws`, token: TOKEN })
    client.prompt('hello')
    expect((await client.result()).result).toBe('echo: hello')
    expect(program.stdout + program.stderr).not.toMatch(`${TOKEN}|${KEY}`)
    for (const secret of [TOKEN, KEY]) expect(await filesWith(dirname(dirname(sealFile)), secret)).toEqual([])
    const agents = await agentProcesses(dataDir)
    const own = (await allProcesses()).filter(({ id, parent }) => id === program.id || parent === program.id)
    expect(agents.some(({ environment }) => environment.includes('LANG=C.UTF-8'))).toBe(true)
    expect(own.length).toBeGreaterThan(1)
    for (const { environment } of [...agents, ...own]) expect(environment).not.toMatch(`${TOKEN}|${KEY}`)
  })

  test('has no gap: every request, while it opens, is answered, on old connections and on new ones', async ({
    world,
  }) => {
    const sealed = await startSealed(world)
    const seen: unknown[] = []
    const look = async (connection: string): Promise<unknown> =>
      (await ask(`${sealed.url}/health`, { headers: { connection } })).text
    const looking = (async () => {
      for (let isOpen = false; !isOpen;) {
        const texts = await Promise.all(['keep-alive', 'close'].map(look))
        seen.push(...texts)
        isOpen = texts.every((text) => String(text).includes('"sealed":false'))
      }
    })()
    await sealed.give({ CLAUDE_AGENT_TOKEN: TOKEN })
    await looking
    expect(seen.filter((text) => !String(text).includes('"status":"ok"'))).toEqual([])
  })

  test('stays so when the file is wrong, says what is wrong without its values, and waits for another', async ({
    world,
  }) => {
    const sealed = await startSealed(world)
    const health = async (): Promise<string> => (await ask(`${sealed.url}/health`)).text
    const wrong = { CLAUDE_AGENT_TOKEN: TOKEN, ANTHROPIC_API_KEY: KEY, CLAUDE_AGENT_PERMISSION_MODE: KEY }
    await sealed.give(wrong)
    await until('it tells', async () => (await health()).includes('CLAUDE_AGENT_PERMISSION_MODE'))
    expect(await health()).toContain('"sealed":true')
    expect(sealed.program.stderr).toContain("CLAUDE_AGENT_PERMISSION_MODE='…' is wrong")
    expect((await health()) + sealed.program.stderr).not.toMatch(`${TOKEN}|${KEY}`)
    expect(existsSync(sealed.sealFile)).toBe(false)
    await sealed.give({ CLAUDE_AGENT_TOKEN: TOKEN })
    await sealed.opened()
    expect(await health()).toContain('"sealed":false')
    const config = await ask(`${sealed.url}/config`, { headers: { authorization } })
    expect(config.status).toBe(200)
    // What the wrong one brought is forgotten.
    expect(sealed.program.stdout).toMatch(/model +none/)
    expect(sealed.program.stdout).toMatch(/permissions +bypassPermissions/)
  })

  test('stays so while another server has its data directory, and can be opened after', async ({ world }) => {
    const other = await world.server()
    const sealed = await startSealed(world, {}, other.folder)
    await sealed.give({ CLAUDE_AGENT_TOKEN: TOKEN })
    const health = async (): Promise<string> => (await ask(`${sealed.url}/health`)).text
    await until('it tells', async () => (await health()).includes('Another server uses the data directory'))
    expect((await ask(`${sealed.url}/sessions`)).status).toBe(503)
    other.kill('SIGTERM')
    await other.program.ended
    await sealed.give({ CLAUDE_AGENT_TOKEN: TOKEN })
    await sealed.opened()
    expect(await health()).toContain('"sealed":false')
  })

  test('leaves nothing of a start that failed halfway, so that the next one finds its place free', async ({
    world,
  }) => {
    const sealed = await startSealed(world)
    await mkdir(sealed.dataDir)
    await writeFile(join(sealed.dataDir, 'sessions'), 'no folder')
    await sealed.give({ CLAUDE_AGENT_TOKEN: TOKEN })
    await until('it tells', async () => (await ask(`${sealed.url}/health`)).text.includes('"error"'))
    const below = (await allProcesses()).filter(({ parent }) => parent === sealed.program.id)
    expect(below).toEqual([])
    await rm(join(sealed.dataDir, 'sessions'))
    await sealed.give({ CLAUDE_AGENT_TOKEN: TOKEN })
    await sealed.opened()
    expect((await ask(`${sealed.url}/config`, { headers: { authorization } })).status).toBe(200)
  })

  test('ends at SIGTERM with exit code 0', async ({ world }) => {
    const { program, dataDir } = await startSealed(world)
    signal(program.id, 'SIGTERM')
    expect(await program.ended).toMatchObject({ code: 0, signal: null, stderr: '' })
    expect(existsSync(dataDir)).toBe(false)
  })

  test('ends in order at SIGTERM once it is open', async ({ world }) => {
    const sealed = await startSealed(world)
    await sealed.give({ CLAUDE_AGENT_TOKEN: TOKEN })
    await sealed.opened()
    signal(sealed.program.id, 'SIGTERM')
    expect(await sealed.program.ended).toMatchObject({ code: 0, signal: null })
    expect(await agentProcesses(sealed.dataDir)).toEqual([])
  })

  test('with a token is open from the start, and leaves the file alone', async ({ world }) => {
    const sealed = await startSealed(world, { CLAUDE_AGENT_TOKEN: TOKEN })
    await sealed.give({ CLAUDE_AGENT_TOKEN: 'another-token-of-it' })
    expect((await ask(`${sealed.url}/health`)).json).toMatchObject({ sealed: false })
    expect((await ask(`${sealed.url}/config`, { headers: { authorization } })).status).toBe(200)
    expect(JSON.parse(await readFile(sealed.sealFile, 'utf8'))).toBeTruthy()
  })
})
