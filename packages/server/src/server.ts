import { randomBytes, randomUUID } from 'node:crypto'
import { chmod, mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import { AgentServerError } from '@claude-agent/protocol'
import { AgentHost } from './agent/agent-host.ts'
import { Broker } from './agent/broker/broker.ts'
import { killMarked } from './agent/supervision/marks.ts'
import { startWatcher } from './agent/supervision/watcher.ts'
import type { ServerConfig } from './config.ts'
import { isInside } from './files/path.ts'
import { Workspace } from './files/workspace.ts'
import { DataDirLock } from './lock.ts'
import { Feed } from './log/feed.ts'
import { JsonlLog } from './log/jsonl-log.ts'
import { createFingerprint } from './policy/fingerprint.ts'
import { Session } from './session/session.ts'
import { Access } from './transport/access.ts'
import { createConfigRoutes } from './transport/config-routes.ts'
import { createFileRoutes } from './transport/file-routes.ts'
import { createHttp } from './transport/http.ts'
import { PlainLayer } from './transport/plain/plain-layer.ts'
import { Upgrade } from './transport/upgrade.ts'
import { serveWatch } from './transport/watch-socket.ts'
import { createWebPage } from './transport/web-page.ts'
import { VERSION } from './version.ts'

/** What uploads that were broken off get to clean up after themselves. */
const SETTLE_MS = 5_000

/** A server that runs. */
export interface RunningServer {
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  readonly url: string
  /** Ends its sockets and agents; resolves when no process of it is left. Safe to call again. */
  close(): Promise<void>
}

/**
 * Starts a server: the one place where its parts meet.
 * @throws AgentServerError `data_dir_in_use`, `port_in_use`, `invalid_setting`
 */
export async function startServer(config: ServerConfig): Promise<RunningServer> {
  await makeFolder(config.workspace, 'CLAUDE_AGENT_WORKSPACE', 0o755)
  await makeFolder(config.dataDir, 'CLAUDE_AGENT_DATA_DIR', 0o700)
  await requireApart(config)
  const lock = await DataDirLock.acquire(config.dataDir)
  const mark = await readMark(config.dataDir)
  // What an earlier server of this data directory may have left behind.
  await killMarked(`${mark}/`)
  const watcher = startWatcher(`${mark}/`)
  const broker = await Broker.start(config.upstream, config.proxy)
  const workspace = await Workspace.open(config.workspace)
  const log = await JsonlLog.create(join(config.dataDir, 'sessions', randomUUID(), 'events.jsonl'))
  const { permissionMode, settingSources } = config
  const session = new Session({
    feed: new Feed(log),
    host: new AgentHost({
      broker,
      mark,
      access: config.access,
      environment: config.agentEnvironment,
      workspace: config.workspace,
      defaults: { permissionMode, settingSources },
    }),
    fingerprint: createFingerprint(randomBytes(32)),
    maxQueuedPrompts: config.maxQueuedPrompts,
  })
  const access = new Access(config)
  const plain = new PlainLayer(session, config.maxFrameBytes)
  let isStopping = false
  const http = createHttp({
    access,
    version: VERSION,
    isStopping: () => isStopping,
    page: await createWebPage(new URL('../dist/web/', import.meta.url)),
    config: createConfigRoutes(session, config.maxBodyBytes),
    files: createFileRoutes({ workspace, maxFileBytes: config.maxFileBytes }),
  })
  const answer = getRequestListener(http.fetch)
  const server = createServer({ requestTimeout: 0 }, (request, response) => void answer(request, response))
  const upgrade = new Upgrade({
    access,
    maxFrameBytes: config.maxFrameBytes,
    maxConnections: config.maxConnections,
    handlers: {
      '/ws': (socket) => plain.serve(socket),
      '/files/watch': (socket, url) => serveWatch(socket, url, workspace),
    },
  })
  upgrade.attach(server)

  const stop = async (): Promise<void> => {
    isStopping = true
    server.close()
    plain.close()
    await session.close()
    upgrade.close()
    server.closeAllConnections()
    await Promise.race([workspace.settle(), delay(SETTLE_MS, undefined, { ref: false })])
    await broker.close()
    await killMarked(`${mark}/`)
    watcher?.release()
    await lock.release()
  }
  let stopped: Promise<void> | undefined
  try {
    await listen(server, config)
  } catch (error) {
    await stop()
    throw error
  }
  session.warm()
  return { url: urlOf(server), close: () => (stopped ??= stop()) }
}

/** Logs are no business of the agent's file API, nor the workspace of the server's own folder. */
async function requireApart({ workspace, dataDir }: ServerConfig): Promise<void> {
  const [work, data] = await Promise.all([realpath(workspace), realpath(dataDir)])
  if (!isInside(work, data) && !isInside(data, work)) return
  throw new AgentServerError({
    code: 'invalid_setting',
    message: `The workspace ${work} and the data directory ${data} lie one in the other.`,
    hint: 'Set CLAUDE_AGENT_WORKSPACE and CLAUDE_AGENT_DATA_DIR to folders apart.',
  })
}

async function makeFolder(path: string, variable: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode })
    if (mode === 0o700) await chmod(path, mode)
  } catch (cause) {
    throw new AgentServerError({
      code: 'invalid_setting',
      message: `${variable}='${path}' is no folder and cannot be made one: ${(cause as Error).message}.`,
      hint: 'Name a folder that this user may write to.',
      cause,
    })
  }
}

/** The id of a data directory, which marks every process that its servers start. */
async function readMark(dataDir: string): Promise<string> {
  const path = join(dataDir, 'id')
  const known = await readFile(path, 'utf8').catch(() => '')
  if (/^[\w-]{36}$/.test(known)) return known
  const fresh = randomUUID()
  await writeFile(path, fresh, { mode: 0o600 })
  return fresh
}

async function listen(server: Server, { host, port }: ServerConfig): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      reject(
        new AgentServerError({
          code: taken ? 'port_in_use' : 'invalid_setting',
          message: taken
            ? `Port ${port} of ${host} is taken.`
            : `Cannot listen on ${host}:${port}: ${cause.message}.`,
          hint: taken ? 'Stop what listens there, or choose another one with PORT.' : 'Set HOST and PORT.',
          cause,
        }),
      )
    })
    server.listen(port, host, resolve)
  })
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
