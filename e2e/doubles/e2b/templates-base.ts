import { execFile } from 'node:child_process'
import { mkdir, symlink, writeFile, lstat, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { APT_GET, NPM } from './templates-stand-ins.ts'
import { shared } from './templates-enter.ts'

const execute = promisify(execFile)

/** What is taken of this machine's /etc; users and their passwords are never. */
const ETC = [
  'alternatives',
  'bash.bashrc',
  'ca-certificates',
  'ca-certificates.conf',
  'debian_version',
  'default',
  'host.conf',
  'hosts',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'login.defs',
  'nsswitch.conf',
  'os-release',
  'pam.conf',
  'pam.d',
  'profile',
  'protocols',
  'resolv.conf',
  'security',
  'services',
  'shells',
  'skel',
  'ssl',
]

const PASSWD = `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
node:x:1000:1000::/home/node:/bin/bash
user:x:1001:1001:,,,:/home/user:/bin/bash
`
const GROUP = `root:x:0:\ndaemon:x:1:\nbin:x:2:\ntty:x:5:\nshadow:x:42:\nsudo:x:27:\nnogroup:x:65534:\nnode:x:1000:\nuser:x:1001:\n`

/**
 * The root that a build begins with: Node's image as E2B provisions it. Its programs are those of this machine; users,
 * configuration, /usr/local and everything else are its own. As on E2B, root has no password, and there is the user `user`.
 */
export async function makeBase(root: string): Promise<void> {
  const folders = [
    '.double',
    'dev',
    'etc',
    'home/node',
    'home/user',
    'opt',
    'proc',
    'root',
    'run',
    'sys',
    'tmp',
    'usr/local/bin',
    'var/lib',
    'var/tmp',
    ...shared().folders.map((name) => `usr/${name}`),
  ]
  for (const folder of folders) await mkdir(join(root, folder), { recursive: true, mode: 0o755 })
  for (const [name, target] of shared().links) await symlink(target, join(root, 'usr', name))
  for (const name of ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32']) {
    const info = await lstat(`/${name}`).catch(() => undefined)
    if (info?.isSymbolicLink()) await symlink(await readlink(`/${name}`), join(root, name))
  }
  const there = ETC.map((name) => join('/etc', name))
  for (const path of there) {
    // What is missing here would be missing in a sparse image as well.
    await execute('cp', ['-aH', path, join(root, 'etc')]).catch(() => {})
  }
  await writeFile(join(root, 'etc/passwd'), PASSWD)
  await writeFile(join(root, 'etc/group'), GROUP)
  await writeFile(
    join(root, 'etc/shadow'),
    'root::19000:0:99999:7:::\nnode:!:19000::::::\nuser:!:19000::::::\n',
    { mode: 0o640 },
  )
  await writeFile(join(root, 'etc/gshadow'), '', { mode: 0o640 })
  await writeFile(join(root, 'etc/sudoers'), 'root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n', {
    mode: 0o440,
  })
  await execute('chmod', ['1777', join(root, 'tmp'), join(root, 'var/tmp')])
  await execute('chown', ['-R', '1001:1001', join(root, 'home/user')])
  // Where Node's image has it; the program is this machine's, mounted whenever somebody enters.
  await writeFile(join(root, '.node'), '', { mode: 0o755 })
  await symlink('/.node', join(root, 'usr/local/bin/node'))
  await writeFile(join(root, 'usr/local/bin/apt-get'), APT_GET, { mode: 0o755 })
  await writeFile(join(root, 'usr/local/bin/npm'), NPM, { mode: 0o755 })
}

/** What E2B does after the last step of a build and before the start command. */
export const CONFIGURE = `set -e
usermod -aG sudo user
passwd -d user >/dev/null
echo 'user ALL=(ALL:ALL) NOPASSWD: ALL' >>/etc/sudoers
mkdir -p /code
chmod -R 777 /usr/local /code`
