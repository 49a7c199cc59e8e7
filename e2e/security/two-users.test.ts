import { chmod, chown, readFile, stat, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { model } from '../sessions/support/model.ts'
import { Peer } from '../sessions/support/peer.ts'
import { filesWith } from '../support/folder.ts'
import { ask } from '../support/http.ts'
import { agentProcesses, allProcesses, isAlive, processesWith, signal } from '../support/processes.ts'
import { layOut, runProgram, type TestServer } from '../support/server.ts'
import { describe, expect, test } from '../support/test.ts'
import { AGENT_ID, asTwoUsers, noTwoUsers, SERVER_ID } from '../support/two-users.ts'
import { until } from '../support/until.ts'

// Split, so that this file is no hit when an agent looks for it.
const key = ['sk', 'ant', 'e2e', 'two', 'users', '51facade'].join('-')
const token = ['token', 'of', 'two', 'users', '52facade'].join('-')

/** Looks through the memory of a process for a text that is given in two halves. */
const SEARCH = `
const fs = require('node:fs')
const [, id, one, two] = process.argv
const memory = fs.openSync('/proc/' + id + '/mem', 'r')
for (const line of fs.readFileSync('/proc/' + id + '/maps', 'latin1').split('\\n')) {
  const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
  if (from === undefined) continue
  const start = parseInt(from, 16), size = Math.min(parseInt(to, 16) - start, 1 << 28)
  const bytes = Buffer.alloc(size)
  try { fs.readSync(memory, bytes, 0, size, start) } catch { continue }
  if (bytes.includes(one + two, 0, 'latin1')) process.exit(0)
}
process.exit(1)`

/** What somebody who wants the key would try; a line for each that works. */
function attempts({ pid, dataDir, folder }: TestServer): string {
  const id = `/proc/${pid}`
  return `
works() { name=$1; shift; "$@" >/dev/null 2>&1 && echo "works: $name"; }
works environ cat ${id}/environ
works memory ${process.execPath} -e "${SEARCH.replaceAll('$', '\\$')}" ${pid} ${token.slice(0, 9)} ${token.slice(9)}
works descriptors ls ${id}/fd
works folder ls ${id}/cwd/
works data ls ${dataDir}
works id cat ${dataDir}/id
works env-file grep -q fac[a]de ${layOut(folder).cwd}/.env
works signal kill -0 ${pid}
works root ls /root
works sudo sudo -n true
works su su -c true
works setuid setpriv --reuid=0 true
works server setpriv --reuid=${SERVER_ID} --regid=${SERVER_ID} --clear-groups true
id -u; id -g; id -G
command grep -E '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs)' /proc/self/status
`
}

/** Reads an answer of `attempts`. */
function readAttempts(said: string): { works: string[]; rest: string } {
  const lines = said.replace(/^got: /, '').split('\n')
  const works = lines.filter((line) => line.startsWith('works: ')).map((line) => line.slice(7))
  return { works, rest: lines.filter((line) => !line.startsWith('works: ')).join('\n') }
}

const GETS_AT_THE_SERVER = ['environ', 'memory', 'descriptors', 'folder', 'data', 'id', 'env-file', 'signal']

describe.skipIf(noTwoUsers !== '')(`a server whose agents are another user${noTwoUsers}`, () => {
  test('keeps its memory, its environment, its files and its rights from what the agent runs', async ({
    world,
  }) => {
    const claude = await world.claude({ script: model() })
    const start = await asTwoUsers(world)
    const secrets = join(layOut(start.folder).cwd, '.env')
    await writeFile(secrets, 'SECRET=facade\n', { mode: 0o600 })
    const server = await world.server({ upstream: claude.url, key, token, ...start })
    expect(await readFile(`/proc/${server.pid}/status`, 'utf8')).toMatch(
      new RegExp(`^Uid:\\s+${SERVER_ID}\\s[^]*CapEff:\\s+00000000000800e2$`, 'm'),
    )
    const client = await world.connect(server)
    client.prompt(`bash: ${attempts(server)}`)
    const { works, rest } = readAttempts((await client.result()).result)
    expect(works).toEqual([])
    expect(rest).toMatch(new RegExp(`${AGENT_ID}\\n${AGENT_ID}\\n${AGENT_ID}\\n`))
    expect(rest.match(/^Cap.*$/gm)).toEqual(
      ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'].map((name) => `${name}:\t0000000000000000`),
    )
    expect(rest).toMatch(/NoNewPrivs:\t1/)
    const agents = await agentProcesses(server.dataDir)
    expect(agents.length).toBeGreaterThan(1)
    expect(JSON.stringify(agents), 'of the process that serves files, too').not.toContain('facade')
    expect(await filesWith(`${server.workspace}.home`, 'CapEff'), 'the transcript').not.toEqual([])
  })

  test('would not, were it not for the other user: the same attempts get at all of it', async ({ world }) => {
    const claude = await world.claude({ script: model() })
    const folder = await world.folder()
    const server = await world.server({ upstream: claude.url, key, token, folder })
    await writeFile(join(layOut(folder).cwd, '.env'), 'SECRET=facade\n', { mode: 0o600 })
    const client = await world.connect(server)
    client.prompt(`bash: ${attempts(server)}`)
    const { works } = readAttempts((await client.result()).result)
    expect(works).toEqual(expect.arrayContaining(GETS_AT_THE_SERVER))
  })

  test('that is killed leaves no process of the agent, nor the one that serves files', async ({ world }) => {
    const claude = await world.claude({ script: model() })
    const server = await world.server({ upstream: claude.url, ...(await asTwoUsers(world)) })
    const peer = await Peer.create(world, server)
    await peer.run('bash: setsid nohup sleep 8128.6502 >/dev/null 2>&1 & echo started')
    const [sleep] = await processesWith('8128.6502')
    expect(sleep!.environment, 'it is the agent’s').toContain('CLAUDE_AGENT_SERVER_MARK')
    const agents = await agentProcesses(server.dataDir)
    expect(agents.length).toBeGreaterThan(2)
    server.kill('SIGKILL')
    await until('all are gone', async () => {
      const alive = await Promise.all(agents.map(({ id }) => isAlive(id)))
      return !alive.includes(true)
    })
    expect(await ofUser(AGENT_ID)).toEqual([])
  })

  test('goes on with a conversation after a restart, and ends in order with all that is the agent’s', async ({
    world,
  }) => {
    const claude = await world.claude({ script: model() })
    const start = { upstream: claude.url, ...(await asTwoUsers(world)) }
    const first = await world.server(start)
    const peer = await Peer.create(world, first, { id: 'lives' })
    expect(await peer.run('remember the sea')).toBe('completed')
    const [transcript] = await filesWith(`${first.workspace}.home`, 'remember the sea')
    const { uid, mode } = await stat(transcript!)
    expect({ uid, mode: mode & 0o777 }).toEqual({ uid: AGENT_ID, mode: 0o600 })
    first.kill('SIGTERM')
    await first.program.ended
    expect(await ofUser(AGENT_ID)).toEqual([])
    // As if it had crashed in the middle of a line.
    await writeFile(transcript!, '{"type":"user","torn', { flag: 'a' })
    const second = await world.server(start)
    const next = await Peer.attach(world, second, 'lives')
    expect(await next.run('and what?')).toBe('completed')
    const asked = claude.requests.findLast(({ body }) => JSON.stringify(body).includes('and what?'))
    expect(JSON.stringify(asked!.body).includes('remember the sea')).toBe(true)
    expect((await stat(transcript!)).uid).toBe(AGENT_ID)
    expect((await readFile(transcript!, 'utf8')).includes('"torn')).toBe(false)
    await ask(`${second.url}/sessions/lives`, { method: 'DELETE' })
    await until('the transcript is gone', async () => (await stat(transcript!).catch(() => null)) === null)
  }, 60_000)

  test('is not led by links that the agent puts in place of its transcript', async ({ world }) => {
    const claude = await world.claude({ script: model() })
    const start = { upstream: claude.url, ...(await asTwoUsers(world)) }
    const first = await world.server(start)
    const peer = await Peer.create(world, first, { id: 'led' })
    await peer.run('remember the sea')
    const [transcript] = await filesWith(`${first.workspace}.home`, 'remember the sea')
    first.kill('SIGTERM')
    await first.program.ended
    const secret = join(first.dataDir, 'secret.jsonl')
    await writeFile(secret, 'a torn line of the server', { mode: 0o600 })
    await unlink(transcript!)
    await symlink(secret, transcript!)
    const second = await world.server(start)
    const next = await Peer.attach(world, second, 'led')
    await next.run('and what?')
    expect(await readFile(secret, 'utf8')).toBe('a torn line of the server')
    expect(JSON.stringify(next.events)).not.toContain('torn line')
    await ask(`${second.url}/sessions/led`, { method: 'DELETE' })
    await until('the link is gone', async () => (await stat(transcript!).catch(() => null)) === null)
    expect(await readFile(secret, 'utf8')).toBe('a torn line of the server')
  }, 60_000)
})

describe.skipIf(noTwoUsers !== '')(`the files of a server whose agents are another user${noTwoUsers}`, () => {
  test('are made and read with the rights of the agent, and of nobody else', async ({ world }) => {
    const server = await world.server(await asTwoUsers(world))
    const put = await ask(`${server.url}/files/content?path=a/b.txt`, { method: 'PUT', body: 'words' })
    expect(put.status).toBe(201)
    for (const path of ['a', 'a/b.txt']) {
      const { uid, gid } = await stat(join(server.workspace, path))
      expect({ uid, gid }).toEqual({ uid: AGENT_ID, gid: AGENT_ID })
    }
    expect((await ask(`${server.url}/files/content?path=a/b.txt`)).text).toBe('words')
    await writeFile(join(server.workspace, 'of-root.txt'), 'not for agents', { mode: 0o600 })
    const denied = await ask(`${server.url}/files/content?path=of-root.txt`)
    expect({ status: denied.status, code: denied.json.code }).toEqual({ status: 403, code: 'path_denied' })
    const missing = await ask(`${server.url}/files/content?path=nowhere`)
    expect({ status: missing.status, code: missing.json.code }).toEqual({
      status: 404,
      code: 'path_not_found',
    })
    expect((await ask(`${server.url}/files/else`)).json.code).toBe('not_found')
    expect((await ask(`${server.url}/files?path=a`)).json.entries).toMatchObject([{ name: 'b.txt' }])
  })

  test('are asked for with the token, which the process that serves them never gets', async ({ world }) => {
    const server = await world.server({ token, key, ...(await asTwoUsers(world)) })
    expect((await ask(`${server.url}/files`)).status).toBe(401)
    const headers = { authorization: `Bearer ${token}` }
    expect((await ask(`${server.url}/files`, { headers })).status).toBe(200)
    const files = await fileProcess(server)
    const names = files.environment.split('\0').map((one) => one.split('=')[0])
    expect(names.filter((name) => name !== '').sort()).toEqual(['CLAUDE_AGENT_SERVER_MARK', 'HOME', 'PATH'])
    expect(files.environment + files.command).not.toContain('facade')
  })

  test('are told of by a watch, and served on when the process that serves them is killed', async ({
    world,
  }) => {
    const server = await world.server(await asTwoUsers(world))
    const watch = world.client(`${server.wsUrl.replace(/ws$/, 'files/watch')}?recursive=true`)
    await watch.next((frame) => frame.type === 'ready')
    await ask(`${server.url}/files/content?path=one.txt`, { method: 'PUT', body: '1' })
    await watch.next((frame) => JSON.stringify(frame).includes('one.txt'))
    const files = await fileProcess(server)
    signal(files.id, 'SIGKILL')
    const { code } = await watch.closed
    expect(code).toBe(1011)
    expect(watch.frames.at(-1)).toMatchObject({ type: 'error', code: 'internal' })
    await until('another one serves', async () => (await ask(`${server.url}/files`)).status === 200)
    expect((await fileProcess(server)).id).not.toBe(files.id)
  })
})

describe('a start with a user for agents', () => {
  test.each([
    ['no-such-user-here', /no user has this name|need Linux|lacks the capabilities/],
    ['0:0', /not to run as root|need Linux/],
    [`${process.getuid?.() ?? 0}:1`, /not to run as root|itself runs as this user|need Linux/],
  ])('fails where it cannot be had: %s', async (user, reason) => {
    const end = await runProgram({ args: ['--agent-user', user] })
    expect(end.code).toBe(1)
    expect(end.stderr).toMatch(reason)
  })

  test.skipIf(noTwoUsers !== '')(
    `fails where the workspace is another’s, or the agent could read the .env${noTwoUsers}`,
    async ({ world }) => {
      const start = await asTwoUsers(world)
      const { workspace, cwd } = layOut(start.folder)
      await writeFile(join(cwd, '.env'), 'SECRET=1', { mode: 0o644 })
      await chmod(cwd, 0o755)
      expect((await runProgram(start)).stderr).toMatch(/can read \S+\.env/)
      await unlink(join(cwd, '.env'))
      await chown(workspace, SERVER_ID, SERVER_ID)
      expect((await runProgram(start)).stderr).toMatch(/workspace.*install -d -o 65002/s)
    },
  )

  test.skipIf(noTwoUsers !== '')(
    `works for root with nobody, who has no home: it gets one beside the workspace${noTwoUsers}`,
    async ({ world }) => {
      const claude = await world.claude({ script: model() })
      const folder = await world.folder()
      await chmod(folder, 0o755)
      const server = await world.server({ upstream: claude.url, folder, args: ['--agent-user', 'nobody'] })
      const peer = await Peer.create(world, server)
      await peer.run('bash: id -un; echo $HOME; pwd; echo $USER')
      expect(peer.results[0]).toBe(`got: nobody\n${server.workspace}.home\n${server.workspace}\nnobody`)
      await ask(`${server.url}/files/content?path=one.txt`, { method: 'PUT', body: '1' })
      expect((await stat(join(server.workspace, 'one.txt'))).uid).toBe((await stat(server.workspace)).uid)
    },
  )
})

/** The process that serves files. */
async function fileProcess(server: TestServer): Promise<Awaited<ReturnType<typeof allProcesses>>[number]> {
  return await until('a process serves files', async () =>
    (await agentProcesses(server.dataDir)).find(({ command }) => command.includes('serve-files')),
  )
}

/** The living processes of a user. */
async function ofUser(id: number): Promise<string[]> {
  const all = await allProcesses()
  const owners = await Promise.all(
    all.map((one) => readFile(`/proc/${one.id}/status`, 'utf8').catch(() => '')),
  )
  return all.filter((_, index) => owners[index]!.includes(`Uid:\t${id}\t`)).map(({ command }) => command)
}
