import { chown, link, mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AgentUser } from '../../src/agent/agent-user.ts'
import { lackingCapabilities, readRights } from '../../src/agent/capabilities.ts'
import { moveEnvironment } from '../../src/agent/environment.ts'
import { findUser } from '../../src/agent/passwd.ts'
import { changeTranscript, readWhole } from '../../src/agent/transcript-file.ts'
import { temporaryFolder } from '../support.ts'

const status = (uid: number, caps: { effective: string; ambient: string }): string =>
  [
    `Name:\tnode`,
    `Uid:\t${uid}\t${uid}\t${uid}\t${uid}`,
    `CapInh:\t${caps.ambient}`,
    `CapPrm:\t${caps.effective}`,
    `CapEff:\t${caps.effective}`,
    `CapBnd:\t000001ffffffffff`,
    `CapAmb:\t${caps.ambient}`,
    `NoNewPrivs:\t1`,
    '',
  ].join('\n')

const NONE = '0000000000000000'
/** DAC_OVERRIDE, KILL, SETGID, SETUID, SYS_PTRACE. */
const NEEDED = '00000000000800e2'

describe('what a server may', () => {
  test.each([
    ['root with everything', 0, '000001ffffffffff', NONE, []],
    [
      'root in a container without the right to look into processes',
      0,
      '00000000a80425fb',
      NONE,
      ['SYS_PTRACE'],
    ],
    ['the user of the image', 900, NEEDED, NEEDED, []],
    [
      'one whose children would have nothing of it',
      900,
      NEEDED,
      NONE,
      ['DAC_OVERRIDE', 'KILL', 'SETGID', 'SETUID', 'SYS_PTRACE'],
    ],
    ['one who lacks a right', 900, '00000000000800c2', '00000000000800c2', ['KILL']],
  ])('is enough or not: %s', (_name, uid, effective, ambient, lacking) => {
    expect(lackingCapabilities(readRights(status(uid, { effective, ambient })))).toEqual(lacking)
  })

  test('is told of in full: what a process holds in any set that counts', () => {
    const rights = readRights(status(7, { effective: NONE, ambient: NONE }))
    expect(rights).toMatchObject({ uid: 7, any: 0n, noNewPrivileges: true })
    expect(readRights(status(7, { effective: NONE, ambient: '1' })).any).toBe(1n)
    expect(readRights('Uid:\t7\t7\t7\t7\n').noNewPrivileges).toBeUndefined()
  })
})

test('a user is found by name and by id, past lines that are none', async () => {
  const path = join(await temporaryFolder(), 'passwd')
  await writeFile(
    path,
    '# a note\nroot:x:0:0:root:/root:/bin/bash\nagent:x:1000:1001:,,:/home/agent:/bin/sh\n\n+::\n',
  )
  const agent = { name: 'agent', uid: 1000, gid: 1001, home: '/home/agent', shell: '/bin/sh' }
  expect(await findUser('agent', path)).toEqual(agent)
  expect(await findUser(1000, path)).toEqual(agent)
  expect(await findUser('1000', path)).toBeUndefined()
  expect(await findUser('nobody', `${path}.missing`)).toBeUndefined()
})

describe('the environment of agents of another user', () => {
  const base = {
    PATH: '/bin',
    HOME: '/home/server',
    USER: 'server',
    LOGNAME: 'server',
    SHELL: '/bin/zsh',
    XDG_CONFIG_HOME: '/home/server/.config',
    CLAUDE_CONFIG_DIR: '/home/server/.claude',
    IS_SANDBOX: '1',
    LANG: 'C',
  }

  test('tells of him instead of the server’s, and keeps the rest', () => {
    const moved = moveEnvironment(base, { name: 'agent', shell: '/bin/sh' }, '/home/agent', [])
    const own = { HOME: '/home/agent', USER: 'agent', LOGNAME: 'agent', SHELL: '/bin/sh' }
    expect(moved).toEqual({ PATH: '/bin', LANG: 'C', ...own })
    const nameless = moveEnvironment(base, { name: undefined, shell: undefined }, '/work.home', [])
    expect(nameless).toEqual({ PATH: '/bin', LANG: 'C', HOME: '/work.home' })
  })

  test('has what the operator passes on by name as it is', () => {
    const passed = ['HOME', 'CLAUDE_CONFIG_DIR']
    const moved = moveEnvironment(base, { name: 'agent', shell: undefined }, '/home/agent', passed)
    expect(moved).toMatchObject({ HOME: '/home/server', CLAUDE_CONFIG_DIR: '/home/server/.claude' })
  })
})

test.each([
  ['0:0', process.platform === 'linux' ? /not to run as root/ : /need Linux/],
  ['no-such-user-here', process.platform === 'linux' ? /no user has this name/ : /need Linux/],
])('a user that cannot be had stops the start: %s', async (setting, message) => {
  const wrong = { code: 'invalid_setting', message: expect.stringMatching(message) as string }
  await expect(AgentUser.open(setting)).rejects.toMatchObject(wrong)
})

const noRoot =
  process.platform === 'linux' && process.getuid?.() === 0 ? '' : ' (skipped: only root can give files away)'

describe.skipIf(noRoot !== '')(`a transcript of another user${noRoot}`, () => {
  const owner = { uid: 65_002 }

  async function place(): Promise<{ path: string; secret: string }> {
    const home = await temporaryFolder()
    const path = join(home, 'projects/-work/session.jsonl')
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, 'his own', { mode: 0o600 })
    await chown(path, owner.uid, owner.uid)
    const secret = join(home, 'elsewhere/session.jsonl')
    await mkdir(dirname(secret))
    await writeFile(secret, "the server's", { mode: 0o600 })
    return { path, secret }
  }

  test('is read and changed', async () => {
    const { path } = await place()
    expect(await readWhole(path, owner)).toBe('his own')
    await changeTranscript(path, owner, (file) => file.truncate(3))
    expect(await readWhole(path, owner)).toBe('his')
  })

  test('is refused where it is a link, in its own place or in that of its folder, and where it is not his', async () => {
    const { path, secret } = await place()
    await rename(path, `${path}.aside`)
    const refused = async (): Promise<void> => {
      await expect(readWhole(path, owner)).rejects.toThrow()
      await expect(changeTranscript(path, owner, (file) => file.truncate(0))).rejects.toThrow()
      expect(await readWhole(secret, undefined)).toBe("the server's")
    }
    await symlink(secret, path)
    await refused()
    await rename(path, `${path}.link`)
    await link(secret, path)
    await refused()
    await rename(dirname(path), `${dirname(path)}.aside`)
    await symlink(dirname(secret), dirname(path))
    await refused()
    await chown(secret, owner.uid, owner.uid)
    await expect(readWhole(path, owner), 'his, but somewhere else').rejects.toThrow('somewhere else')
  })

  test('is refused where it is a folder', async () => {
    const { path } = await place()
    await rename(path, `${path}.aside`)
    await mkdir(path)
    await expect(readWhole(path, owner)).rejects.toThrow('is no file')
  })
})
