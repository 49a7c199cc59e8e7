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
import { ProcessPool } from './agent/process-pool.ts'
import { SpareAgents } from './agent/spare-agents.ts'
import { Supervision } from './agent/supervision/supervision.ts'
import type { ServerConfig } from './config.ts'
import { isInside } from './files/path.ts'
import { Workspace } from './files/workspace.ts'
import { DataDirLock } from './lock.ts'
import { createFingerprint } from './policy/fingerprint.ts'
import { PlainConversation } from './session/plain-conversation.ts'
import { Sessions } from './session/sessions.ts'
import { SessionStore } from './session/store.ts'
import { Access } from './transport/access.ts'
import { createConfigRoutes } from './transport/config-routes.ts'
import { createFileRoutes } from './transport/file-routes.ts'
import { createHttp } from './transport/http.ts'
import { PlainLayer } from './transport/plain/plain-layer.ts'
import { Upgrade } from './transport/upgrade.ts'
import { serveWatch } from './transport/watch-socket.ts'
import { SessionLayer } from './transport/sessions/session-layer.ts'
import { createSessionRoutes } from './transport/sessions/session-routes.ts'
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
  const supervision = await Supervision.start(await readMark(config.dataDir))
  const broker = await Broker.start(config.upstream, config.proxy)
  const workspace = await Workspace.open(config.workspace)
  const { permissionMode, settingSources, maxLogBytes, maxLogAgeMs } = config
  const host = new AgentHost({
    broker,
    supervision,
    access: config.access,
    environment: config.agentEnvironment,
    workspace: config.workspace,
    defaults: { permissionMode, settingSources },
  })
  const fingerprint = createFingerprint(randomBytes(32))
  const pool = new ProcessPool(config.maxProcesses)
  const spares = new SpareAgents(host, pool, config.spares)
  const { sessions, resume } = await Sessions.open({
    store: await SessionStore.open(join(config.dataDir, 'sessions'), {
      maxBytes: maxLogBytes,
      maxAgeMs: maxLogAgeMs === 0 ? Infinity : maxLogAgeMs,
    }),
    means: { ...config, host, pool, spares, fingerprint },
    maxSessions: config.maxSessions,
  })
  const conversation = new PlainConversation({ sessions, spares, host, fingerprint })
  const access = new Access(config)
  const { maxFrameBytes, maxBodyBytes } = config
  const plain = new PlainLayer(conversation, maxFrameBytes)
  const layer = new SessionLayer({ sessions, version: VERSION, maxFrameBytes })
  let isStopping = false
  const http = createHttp({
    access,
    version: VERSION,
    isStopping: () => isStopping,
    page: await createWebPage(new URL('../dist/web/', import.meta.url)),
    config: createConfigRoutes(conversation, maxBodyBytes),
    sessions: createSessionRoutes({ sessions, maxBodyBytes, maxStreams: config.maxConnections }),
    files: createFileRoutes({ workspace, maxFileBytes: config.maxFileBytes }),
  })
  const answer = getRequestListener(http.fetch)
  const server = createServer({ requestTimeout: 0 }, (request, response) => void answer(request, response))
  const upgrade = new Upgrade({
    access,
    maxFrameBytes: config.maxFrameBytes,
    maxConnections: config.maxConnections,
    handlers: {
      '/ws': (socket, _url, raw) => void plain.serve(socket, raw),
      '/sessions/:id/ws': (socket, url, raw, { id }) => void layer.serve(socket, url, raw, id!),
      '/files/watch': (socket, url) => serveWatch(socket, url, workspace),
    },
  })
  upgrade.attach(server)

  const stop = async (): Promise<void> => {
    isStopping = true
    server.close()
    plain.close()
    await Promise.all([sessions.close(), spares.close()])
    upgrade.close()
    server.closeAllConnections()
    await Promise.race([workspace.settle(), delay(SETTLE_MS, undefined, { ref: false })])
    await broker.close()
    await supervision.close()
    await lock.release()
  }
  let stopped: Promise<void> | undefined
  try {
    await listen(server, config)
  } catch (error) {
    await stop()
    throw error
  }
  conversation.prepare()
  void resume()
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
