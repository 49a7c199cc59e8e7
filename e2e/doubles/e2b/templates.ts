import { randomBytes } from 'node:crypto'
import { createWriteStream, existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import type {
  ControlAnswer,
  ControlRequest,
  ControlRoute,
  ControlRoutes,
  TemplateStore,
} from './template-store.ts'
import { runBuild, StepFailure, type BuildLogEntry, type TemplateBuild } from './templates-build.ts'
import { Layers } from './templates-layers.ts'

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url))

/** A template that was asked for, with what is known of its last build. */
interface Wanted {
  templateId: string
  name: string
  cpuCount: number
  memoryMB: number
}

interface Building {
  status: 'building' | 'waiting' | 'ready' | 'error'
  log: BuildLogEntry[]
  reason?: { message: string; step?: string; logEntries: BuildLogEntry[] }
}

/** The template API: asks for uploads, builds in earnest, and puts what was built into the store. */
export const templateRoutes: ControlRoutes = ({ url, templates, folder }) => {
  const api = new TemplateApi(url, templates, join(folder, 'templates'))
  return async (request) => await api.answer(request)
}

class TemplateApi {
  readonly #url: string
  readonly #templates: TemplateStore
  readonly #uploads: string
  readonly #layers: Layers
  readonly #wanted = new Map<string, Wanted>()
  readonly #builds = new Map<string, Building>()
  /** What signed addresses of uploads are signed with. */
  readonly #signature = randomBytes(16).toString('hex')

  constructor(url: string, templates: TemplateStore, folder: string) {
    this.#url = url
    this.#templates = templates
    this.#uploads = join(folder, 'uploads')
    this.#layers = new Layers(join(folder, 'layers'))
  }

  readonly #routes: [
    method: string,
    path: RegExp,
    answer: (request: ControlRequest, ids: string[]) => Promise<ControlAnswer>,
  ][] = [
    ['POST', /^\/v3\/templates$/, (request) => this.#ask(request)],
    ['GET', /^\/templates\/aliases\/([^/]+)$/, async (_, [name]) => this.#alias(name!)],
    [
      'GET',
      /^\/templates\/([^/]+)\/files\/([0-9a-f]+)$/,
      async (_, [id, hash]) => this.#uploadLink(id!, hash!),
    ],
    ['PUT', /^\/upload\/([0-9a-f]+)$/, (request, [hash]) => this.#upload(request, hash!)],
    [
      'POST',
      /^\/v2\/templates\/([^/]+)\/builds\/([^/]+)$/,
      (request, [id, build]) => this.#build(request, id!, build!),
    ],
    [
      'GET',
      /^\/templates\/([^/]+)\/builds\/([^/]+)\/status$/,
      async ({ url }, [id, build]) => this.#status(url, id!, build!),
    ],
  ]

  readonly answer: ControlRoute = async (request) => {
    for (const [method, path, answer] of this.#routes) {
      const match = request.method === method ? path.exec(request.url.pathname) : null
      if (match !== null) return await answer(request, match.slice(1).map(decodeURIComponent))
    }
    return undefined
  }

  async #ask(request: ControlRequest): Promise<ControlAnswer> {
    const {
      name,
      tags = [],
      cpuCount = 2,
      memoryMB = 1024,
    } = JSON.parse(await request.text()) as Partial<Wanted> & { tags?: string[] }
    if (name === undefined || !/^[a-z0-9-_]+(:[a-z0-9._-]+)?$/.test(name))
      return refuse(400, `Invalid template name: ${name}`)
    if (cpuCount > 8) return refuse(400, `CPU count must be at most 8, got ${cpuCount}`)
    if (memoryMB > 8192) return refuse(400, `Memory must be at most 8192 MB, got ${memoryMB}`)
    const [bare = name, tag] = name.split(':')
    const known = [...this.#wanted.values()].find((wanted) => wanted.name === bare)
    const templateId = known?.templateId ?? randomBytes(10).toString('hex')
    this.#wanted.set(templateId, { templateId, name: bare, cpuCount, memoryMB })
    const buildID = `${randomBytes(4).toString('hex')}-build`
    this.#builds.set(buildID, { status: 'waiting', log: [] })
    const body = {
      templateID: templateId,
      buildID,
      aliases: [bare],
      names: [bare],
      public: false,
      tags: [...tags, tag ?? 'default'],
    }
    return { status: 202, body }
  }

  #alias(name: string): ControlAnswer {
    const found = this.#templates.find(name)
    if (found === undefined) return refuse(404, `Template with alias '${name}' not found`)
    return { status: 200, body: { templateID: found.templateId, public: false } }
  }

  #uploadLink(templateId: string, hash: string): ControlAnswer {
    if (!this.#wanted.has(templateId)) return refuse(404, `Template '${templateId}' not found`)
    const url = `${this.#url}/upload/${hash}?signature=${this.#signature}`
    return { status: 201, body: { present: existsSync(join(this.#uploads, hash)), url } }
  }

  async #upload(request: ControlRequest, hash: string): Promise<ControlAnswer> {
    if (request.url.searchParams.get('signature') !== this.#signature)
      return refuse(403, 'The signature is wrong.')
    await mkdir(this.#uploads, { recursive: true })
    const part = join(this.#uploads, `${hash}-${randomBytes(4).toString('hex')}`)
    await pipeline(request.body, createWriteStream(part))
    await rename(part, join(this.#uploads, hash))
    return { status: 200 }
  }

  async #build(request: ControlRequest, templateId: string, buildId: string): Promise<ControlAnswer> {
    const wanted = this.#wanted.get(templateId)
    const building = this.#builds.get(buildId)
    if (wanted === undefined || building === undefined) return refuse(404, `Build '${buildId}' not found`)
    const build = JSON.parse(await request.text()) as TemplateBuild
    building.status = 'building'
    void this.#run(wanted, building, build)
    return { status: 202 }
  }

  async #run(
    { templateId, name, cpuCount, memoryMB }: Wanted,
    building: Building,
    build: TemplateBuild,
  ): Promise<void> {
    const log = (level: BuildLogEntry['level'], message: string, step?: string): void => {
      building.log.push({
        timestamp: new Date().toISOString(),
        level,
        message,
        ...(step !== undefined && { step }),
      })
    }
    try {
      const built = await runBuild(build, {
        layers: this.#layers,
        uploads: this.#uploads,
        repository: REPOSITORY,
        log,
      })
      this.#templates.add({ ...built, templateId, names: [name], cpuCount, memoryMB })
      building.status = 'ready'
    } catch (error) {
      const message = (error as Error).message
      const step = error instanceof StepFailure ? error.step : undefined
      log('error', `Build failed: ${message}`, step)
      const own = building.log.filter((entry) => entry.step === step && entry.level !== 'error')
      building.reason = { message, ...(step !== undefined && { step }), logEntries: own }
      building.status = 'error'
    }
  }

  #status(url: URL, templateId: string, buildId: string): ControlAnswer {
    const building = this.#builds.get(buildId)
    if (building === undefined) return refuse(404, `Build '${buildId}' not found`)
    const { status, log, reason } = building
    const offset = Number(url.searchParams.get('logsOffset') ?? 0)
    const logEntries = log.slice(offset, offset + 100)
    return {
      status: 200,
      body: {
        templateID: templateId,
        buildID: buildId,
        status,
        logEntries,
        logs: [],
        ...(reason && { reason }),
      },
    }
  }
}

function refuse(code: number, message: string): ControlAnswer {
  return { status: code, body: { code, message } }
}
