import { Refusal } from './answer.ts'
import { readList } from './control-list.ts'
import type { DoubleSandbox, SandboxWish } from './sandbox.ts'
import type { ControlAnswer, ControlRequest, TemplateStore } from './template-store.ts'

/** E2B's own default, where a request names no timeout. */
const DEFAULT_TIMEOUT_SECONDS = 300
const ENVD_VERSION = '0.6.4'

/** Which addresses there are for creating and connecting: up to e2b 2.50, from 2.51 on, or both. */
export type ControlVersion = 'old' | 'new' | 'both'

/** What the control plane works on. */
export interface ControlWorld {
  templates: TemplateStore
  sandboxes: Map<string, DoubleSandbox>
  version: ControlVersion
  /** Sandboxes at once; one more is refused with 429. */
  maxSandboxes: number
  /** A longer timeout is refused with 400. */
  maxTimeoutMs: number
  domain: string
  make: (wish: SandboxWish) => Promise<DoubleSandbox>
}

interface CreateBody {
  templateID: string
  metadata?: Record<string, string>
  envVars?: Record<string, string>
  timeout?: number
  allow_internet_access?: boolean
  network?: Record<string, unknown>
  autoPause?: boolean
  autoResume?: { enabled: boolean }
}

/** Answers the calls about sandboxes. */
export async function answerControl(world: ControlWorld, request: ControlRequest): Promise<ControlAnswer> {
  const { method, url } = request
  const [, version, id, action] = /^(\/v2)?\/sandboxes(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(url.pathname) ?? [
    undefined,
  ]
  const isNew = version !== undefined
  const isKnown = world.version === 'both' || (world.version === 'new') === isNew
  if (method === 'POST' && id === undefined && isKnown && url.pathname.endsWith('/sandboxes'))
    return await create(world, request)
  if (method === 'POST' && action === 'connect' && isKnown)
    return await connect(world, find(world, id), request)
  if (method === 'GET' && url.pathname === '/v2/sandboxes') return readList(world.sandboxes, url)
  if (isNew || id === undefined) return { status: 404, body: '404 page not found' }
  const sandbox = find(world, id)
  if (method === 'GET' && action === undefined) return { status: 200, body: detail(world, sandbox) }
  if (method === 'DELETE' && action === undefined) {
    await sandbox.kill()
    return { status: 204 }
  }
  if (method === 'POST' && action === 'timeout') {
    if (sandbox.state === 'paused') throw new Refusal(404, `Sandbox '${id}' is not running`)
    sandbox.setTimeout(checkTimeout(world, (await readBody<{ timeout?: number }>(request)).timeout))
    return { status: 204 }
  }
  if (method === 'POST' && action === 'pause') {
    if (!(await sandbox.pause())) throw new Refusal(409, `Sandbox '${id}' is already paused`)
    return { status: 204 }
  }
  return { status: 404, body: '404 page not found' }
}

async function create(world: ControlWorld, request: ControlRequest): Promise<ControlAnswer> {
  const body = await readBody<CreateBody>(request)
  const template = world.templates.find(body.templateID)
  if (template === undefined) throw new Refusal(404, `template '${body.templateID}' not found`)
  const timeoutMs = checkTimeout(world, body.timeout)
  const running = [...world.sandboxes.values()].filter(({ state }) => state === 'running')
  if (running.length >= world.maxSandboxes) {
    throw new Refusal(
      429,
      `you have reached the maximum number of concurrent E2B sandboxes (${world.maxSandboxes}). If you need more, please contact us.`,
    )
  }
  const sandbox = await world.make({
    template,
    alias: body.templateID,
    metadata: body.metadata ?? {},
    envs: body.envVars ?? {},
    timeoutMs,
    onTimeout: body.autoPause === true ? 'pause' : 'kill',
    autoResume: body.autoResume?.enabled === true,
    network: body.network,
    allowInternetAccess: body.allow_internet_access,
  })
  return { status: 201, body: access(world, sandbox) }
}

/** Resumes a paused one; of a running one the timeout is only ever made longer. */
async function connect(
  world: ControlWorld,
  sandbox: DoubleSandbox,
  request: ControlRequest,
): Promise<ControlAnswer> {
  const timeoutMs = checkTimeout(world, (await readBody<{ timeout?: number }>(request)).timeout)
  if (sandbox.state === 'paused') {
    await sandbox.resume(timeoutMs)
    return { status: 201, body: access(world, sandbox) }
  }
  if (Date.now() + timeoutMs > sandbox.endAt.getTime()) sandbox.setTimeout(timeoutMs)
  return { status: 200, body: access(world, sandbox) }
}

function find(world: ControlWorld, id: string | undefined): DoubleSandbox {
  const sandbox = world.sandboxes.get(id ?? '')
  if (sandbox === undefined || sandbox.state === 'gone') throw new Refusal(404, `Sandbox '${id}' not found`)
  return sandbox
}

function checkTimeout(world: ControlWorld, seconds: number = DEFAULT_TIMEOUT_SECONDS): number {
  if (seconds * 1000 > world.maxTimeoutMs) {
    throw new Refusal(400, `Timeout cannot be greater than ${world.maxTimeoutMs / 3_600_000} hours`)
  }
  return seconds * 1000
}

/** What it takes to speak to it. */
function access(world: ControlWorld, sandbox: DoubleSandbox): Record<string, unknown> {
  return {
    templateID: sandbox.wish.template.templateId,
    sandboxID: sandbox.id,
    alias: sandbox.wish.alias,
    clientID: '6532622b',
    envdVersion: ENVD_VERSION,
    envdAccessToken: sandbox.accessToken,
    trafficAccessToken: sandbox.isPublic ? null : sandbox.trafficToken,
    domain: world.domain,
  }
}

function detail(world: ControlWorld, sandbox: DoubleSandbox): Record<string, unknown> {
  const { wish } = sandbox
  return {
    ...access(world, sandbox),
    metadata: wish.metadata,
    startedAt: sandbox.startedAt.toISOString(),
    endAt: sandbox.endAt.toISOString(),
    state: sandbox.state,
    cpuCount: wish.template.cpuCount ?? 2,
    memoryMB: wish.template.memoryMB ?? 512,
    allowInternetAccess: wish.allowInternetAccess ?? true,
    lifecycle: { onTimeout: wish.onTimeout, autoResume: wish.autoResume },
    ...(wish.network === undefined ? {} : { network: wish.network }),
  }
}

async function readBody<T>(request: ControlRequest): Promise<T> {
  const text = await request.text()
  return JSON.parse(text === '' ? '{}' : text) as T
}
