import type { Server } from 'node:http'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { AgentHost } from './agent/agent-host.ts'
import { Archives } from './archive/archives.ts'
import { Broker } from './agent/broker/broker.ts'
import { ClientUpstream } from './agent/broker/client-upstream.ts'
import { Upstream } from './agent/broker/upstream.ts'
import { openQuarters, type Quarters } from './agent/quarters.ts'
import { ProcessPool } from './agent/process-pool.ts'
import { SpareAgents } from './agent/spare-agents.ts'
import { SdkTranscripts } from './agent/transcripts/sdk-transcripts.ts'
import { Supervision } from './agent/supervision/supervision.ts'
import { requireToken, type ServerConfig } from './config.ts'
import { openOwnDoor, type FileDoor } from './file-server/file-door.ts'
import { FILE_PROGRAM } from './file-server/file-process.ts'
import { openPassedDoor } from './file-server/passed-door.ts'
import { makeFolder, readMark, requireApart } from './folders.ts'
import { Lease } from './lease.ts'
import { DataDirLock } from './lock.ts'
import { createFingerprint } from './policy/fingerprint.ts'
import { drawBytes } from './random.ts'
import { openMirror } from './mirror/open-mirror.ts'
import { PAGE } from './places.ts'
import { PlainConversation } from './session/plain-conversation.ts'
import { Sessions } from './session/sessions.ts'
import { SessionStore } from './session/store.ts'
import { StdioLayer } from './stdio/stdio-layer.ts'
import { Access } from './transport/access.ts'
import { createConfigRoutes } from './transport/config-routes.ts'
import { createHttp } from './transport/http.ts'
import { createLeaseRoutes } from './transport/lease-routes.ts'
import { createListener, listen, urlOf } from './transport/listen.ts'
import { serveModelSocket } from './transport/model-socket.ts'
import { PlainLayer } from './transport/plain/plain-layer.ts'
import { Upgrade } from './transport/upgrade.ts'
import { SessionLayer } from './transport/sessions/session-layer.ts'
import { createSessionRoutes } from './transport/sessions/session-routes.ts'
import { createTranscriptRoutes } from './transport/transcript-routes.ts'
import { createWebPage } from './transport/web-page.ts'
import { VERSION } from './version.ts'

/** A server that runs. */
export interface RunningServer {
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  readonly url: string
  /** Ends its sockets and agents; resolves when no process of it is left. Safe to call again. */
  close(): Promise<void>
  /** Resolves once it has ended: it was closed, or its lease is over. */
  readonly ended: Promise<void>
}

/** What ends the parts of a server, in the order in which they were started. */
type Ends = (() => unknown)[]

/**
 * Starts a server. On a socket that `listening` has, it takes over once it is ready: what was served there until then is
 * served no more, connections stay. When it fails, nothing is left of it.
 * @throws AgentServerError `data_dir_in_use`, `port_in_use`, `invalid_setting`
 */
export async function startServer(config: ServerConfig, listening?: Server): Promise<RunningServer> {
  requireToken(config)
  const ends: Ends = []
  try {
    return await assemble(config, ends, listening)
  } catch (error) {
    await endAll(ends)
    throw error
  }
}

async function endAll(ends: Ends): Promise<void> {
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end()
}

/** The one place where the parts of a server meet. */
async function assemble(config: ServerConfig, ends: Ends, listening?: Server): Promise<RunningServer> {
  await makeFolder(config.dataDir, 'CLAUDE_AGENT_DATA_DIR', 0o700)
  const quarters = await findQuarters(config)
  await requireApart(config)
  const lock = await DataDirLock.acquire(config.dataDir)
  ends.push(() => lock.release())
  const supervision = await Supervision.start(await readMark(config.dataDir), {
    user: quarters?.user,
    niceness: config.niceness,
  })
  ends.push(() => supervision.close())
  const brought = config.broker === 'client' ? new ClientUpstream() : undefined
  const broker = await Broker.start(brought ?? new Upstream(config.upstream, config.proxy))
  ends.push(() => broker.close())
  if (config.access.kind === 'client' && config.access.ignored !== undefined)
    console.error(
      `${config.access.ignored} is not used: CLAUDE_AGENT_BROKER=client, clients bring the model.`,
    )
  const files = await openFiles(config, supervision, quarters)
  ends.push(() => files.close())
  const { permissionMode, settingSources, maxLogBytes, maxLogAgeMs } = config
  const host = new AgentHost({
    broker,
    supervision,
    access: config.access,
    environment: quarters?.environment ?? config.agentEnvironment,
    user: quarters?.user,
    workspace: config.workspace,
    defaults: { permissionMode, settingSources },
  })
  const fingerprint = createFingerprint(drawBytes(32))
  const pool = new ProcessPool(config.maxProcesses)
  const spares = new SpareAgents(host, pool, config.spares)
  const store = await SessionStore.open(join(config.dataDir, 'sessions'), {
    maxBytes: maxLogBytes,
    maxAgeMs: maxLogAgeMs === 0 ? Infinity : maxLogAgeMs,
  })
  const { sessions, resume } = await Sessions.open({
    store,
    means: { ...config, host, pool, spares, fingerprint },
    maxSessions: config.maxSessions,
  })
  const mirror = await openMirror(config, sessions, host)
  const conversation = new PlainConversation({ sessions, spares, host, fingerprint })
  const access = new Access(config)
  const { maxFrameBytes, maxBodyBytes } = config
  const plain = new PlainLayer(conversation, maxFrameBytes)
  const layer = new SessionLayer({ sessions, version: VERSION, maxFrameBytes })
  const stdio = new StdioLayer({
    sessions,
    maxLineBytes: maxFrameBytes,
    controllerTimeoutMs: config.controllerTimeoutMs,
  })
  let isStopping = false
  const lease = new Lease(() => {
    console.error('claude-agent-server: its lease is over, so it ends. POST /lease would have extended it.')
    void close().catch(() => {})
  })
  ends.push(() => lease.stop())
  const http = createHttp({
    access,
    version: VERSION,
    isStopping: () => isStopping,
    mirror: mirror && (() => mirror.health()),
    page: await createWebPage(PAGE),
    config: createConfigRoutes(conversation, maxBodyBytes),
    sessions: createSessionRoutes({
      sessions,
      archives: new Archives({ sessions, store, host }),
      maxBodyBytes,
      maxArchiveBytes: config.maxFileBytes,
      maxStreams: config.maxConnections,
    }),
    transcripts: createTranscriptRoutes(new SdkTranscripts(host.home({})), sessions),
    files: files.routes,
    lease: createLeaseRoutes(lease, maxBodyBytes),
  })
  const answer = getRequestListener(http.fetch)
  const server = listening ?? createListener()
  const upgrade = new Upgrade({
    access,
    maxFrameBytes: config.maxFrameBytes,
    maxConnections: config.maxConnections,
    handlers: {
      '/ws': (socket, _url, raw) => void plain.serve(socket, raw),
      '/sessions/:id/ws': (socket, url, raw, { id }) => void layer.serve(socket, url, raw, id!),
      '/sessions/:id/stdio': (socket, url, raw, { id }) => void stdio.serve(socket, url, raw, id!),
      '/files/watch': (socket, url) => files.watch(socket, url),
      ...(brought === undefined
        ? {}
        : { '/model': (socket, _url, raw) => serveModelSocket(socket, raw, brought) }),
    },
  })
  // Who is served already is told why it cannot go on.
  if (listening !== undefined) await files.opened
  server.removeAllListeners('request').removeAllListeners('upgrade')
  server.on('request', (request, response) => void answer(request, response))
  upgrade.attach(server)

  const stop = async (): Promise<void> => {
    isStopping = true
    server.close()
    plain.close()
    await mirror?.close()
    await Promise.all([sessions.close(), spares.close()])
    upgrade.close()
    server.closeAllConnections()
    await endAll(ends)
  }
  let markEnded!: (stopped: Promise<void>) => void
  const ended = new Promise<void>((resolve) => (markEnded = resolve))
  ended.catch(() => {})
  let stopped: Promise<void> | undefined
  const close = (): Promise<void> => {
    stopped ??= stop()
    markEnded(stopped)
    return stopped
  }
  try {
    if (listening === undefined) await listen(server, config)
    if (config.leaseMs > 0) lease.extend(config.leaseMs)
    conversation.prepareSoon()
    void resume()
    await files.opened
  } catch (error) {
    await stop()
    throw error
  }
  return { url: urlOf(server), close, ended }
}

/** Makes the workspace; where agents have a user of their own, it is his, as whatever else he needs. */
async function findQuarters(config: ServerConfig): Promise<Quarters | undefined> {
  const { agentUser } = config
  if (agentUser !== undefined)
    return await openQuarters({ ...config, agentUser, programs: [process.execPath, FILE_PROGRAM] })
  await makeFolder(config.workspace, 'CLAUDE_AGENT_WORKSPACE', 0o755)
  return undefined
}

/** The door to the workspace, with the rights of whoever agents run as. */
async function openFiles(
  config: ServerConfig,
  supervision: Supervision,
  quarters?: Quarters,
): Promise<FileDoor> {
  const { workspace, dataDir, maxFileBytes } = config
  if (quarters === undefined) return await openOwnDoor(workspace, maxFileBytes)
  const { PATH = '/usr/bin:/bin', HOME = '/' } = quarters.environment
  const environment = { PATH, HOME }
  return await openPassedDoor({
    scope: () => supervision.open(),
    dataDir,
    workspace,
    maxFileBytes,
    environment,
  })
}
