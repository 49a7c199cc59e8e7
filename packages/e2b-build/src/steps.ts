import { APP, START } from './places.ts'
import type { BuildSettings } from './settings.ts'

/** The base: the same as of the image, pinned. */
export const BASE_IMAGE = 'node:20.20.2-bookworm-slim'

/** git and ripgrep for the agent, procps for people, setpriv (util-linux) to become somebody else. */
const PACKAGES = ['ca-certificates', 'git', 'procps', 'ripgrep', 'util-linux']

/** One step of the template: an archive that is copied in, or a command that root runs in `/`. */
export interface Step {
  /** What it is for, in words for people. */
  title: string
  run?: string
  /** The name of an archive. */
  copy?: string
}

/** Instructions of the template before the first step: the user and the folder. */
export const BEFORE = 2

/** What answers when the server of a template can be spoken to. */
export const READY_COMMAND =
  `node -e "fetch('http://'+(process.env.HOST||'127.0.0.1')+':'+(process.env.PORT||3000)+'/health')` +
  `.then((answer)=>process.exit(answer.ok?0:1),()=>process.exit(1))"`

export const START_COMMAND = `/${START.template}`

const NEW_USERS = [
  // The base has a user 1000 already (node): agent takes its place.
  '{ ! getent passwd node >/dev/null || userdel --remove node 2>/dev/null || true; }',
  'groupadd --gid 900 server',
  'useradd --uid 900 --gid 900 --no-create-home --home-dir /var/lib/claude-agent-server --shell /usr/sbin/nologin server',
  'groupadd --gid 1000 agent',
  'useradd --uid 1000 --gid 1000 --create-home --shell /bin/bash agent',
  'install -d -o agent -g agent -m 0755 /home/agent/workspace',
  'install -d -o server -g server -m 0700 /var/lib/claude-agent-server',
].join(' && ')

/**
 * The steps, what seldom changes first: E2B keeps the result of each, and begins at the first that is new. The server
 * comes last, so that a change of it costs one step, and nothing before it can replace a file of it.
 */
export function planSteps(settings: Pick<BuildSettings, 'aptPackages' | 'files' | 'commands'>): Step[] {
  const packages = [...new Set([...PACKAGES, ...settings.aptPackages])].sort().join(' ')
  return [
    {
      title: 'system packages',
      run:
        'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ' +
        `${packages} && rm -rf /var/lib/apt/lists/*`,
    },
    { title: 'users', run: NEW_USERS },
    { title: 'dependencies (copy)', copy: 'dependencies.tar' },
    {
      title: 'dependencies',
      run:
        `${unpack('dependencies.tar')} && cd /${APP} && npm ci --omit=dev --workspace=@claude-agent/server ` +
        '--include-workspace-root=false --no-audit --no-fund --loglevel=error && rm -rf /root/.npm',
    },
    ...(settings.files.length === 0
      ? []
      : [
          { title: 'extra files (copy)', copy: 'files.tar' },
          { title: 'extra files', run: unpack('files.tar') },
        ]),
    ...settings.commands.map((run, index) => ({ title: `command ${index + 1} of e2b.config.json`, run })),
    { title: 'server (copy)', copy: 'server.tar' },
    { title: 'server', run: unpack('server.tar') },
  ]
}

/** Where an archive is put before it is unpacked. */
export function placeOfArchive(name: string): string {
  return `/var/tmp/${name}`
}

function unpack(name: string): string {
  const place = placeOfArchive(name)
  return `tar -xpf ${place} --numeric-owner --no-overwrite-dir -C / && rm ${place}`
}
