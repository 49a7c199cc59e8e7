import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { E2bDouble } from './double.ts'

const SERVERS = {
  /** The program of this repository, as it was built. */
  real: fileURLToPath(new URL('../../../packages/server/dist/program/bin.js', import.meta.url)),
  /** Health, seal and an echo. */
  stub: fileURLToPath(new URL('stub-server.mjs', import.meta.url)),
}

export interface ServerTemplate {
  /** @default 'claude-agent-server' */
  name?: string
  /** @default 'real' */
  server?: 'real' | 'stub'
  /** Variables of every server of it, e.g. `ANTHROPIC_BASE_URL`. No secrets: a template has none. */
  envs?: Record<string, string>
}

/**
 * Registers a template by hand: a start script where the real one is, which runs a server sealed, with all of its folders
 * in the sandbox's own. It is one user for everything: the double has no users without a root of their own.
 */
export async function addServerTemplate(
  double: E2bDouble,
  folder: string,
  { name = 'claude-agent-server', server = 'real', envs = {} }: ServerTemplate = {},
): Promise<void> {
  const rootfs = join(folder, name)
  for (const path of [
    'usr/local/bin',
    'run/claude-agent',
    'home/agent/workspace',
    'home/server',
    'root',
    'tmp',
  ]) {
    await mkdir(join(rootfs, path), { recursive: true })
  }
  await chmod(join(rootfs, 'run/claude-agent'), 0o700)
  const script = join(rootfs, 'usr/local/bin/start-claude-agent-server')
  await writeFile(
    script,
    `#!/bin/sh
export PORT=3000 HOME="$E2B_DOUBLE_ROOT/home/server"
export CLAUDE_AGENT_WORKSPACE="$E2B_DOUBLE_ROOT/home/agent/workspace"
export CLAUDE_AGENT_DATA_DIR="$E2B_DOUBLE_ROOT/var/lib/claude-agent-server"
export CLAUDE_AGENT_SEAL_FILE="$E2B_DOUBLE_ROOT/run/claude-agent/seal.json"
exec "${process.execPath}" "${SERVERS[server]}"
`,
  )
  await chmod(script, 0o755)
  double.templates.add({
    templateId: `t-${name}`,
    names: [name],
    rootfs,
    envs,
    startCmd: 'exec /usr/local/bin/start-claude-agent-server',
    readyCmd: '(exec 3<>"/dev/tcp/$E2B_DOUBLE_ADDRESS/3000") 2>/dev/null',
  })
}
