import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { SandboxTemplate } from './template-store.ts'
import { CONFIGURE } from './templates-base.ts'
import { enterRoot } from './templates-enter.ts'
import type { Layers } from './templates-layers.ts'
import { runInRoot, startInRoot, type Surroundings } from './templates-run.ts'

/** A step as the SDK sends it. */
interface TemplateStep {
  type: 'COPY' | 'RUN' | 'ENV' | 'WORKDIR' | 'USER'
  args?: string[]
  filesHash?: string
  force?: boolean
}

export interface TemplateBuild {
  fromImage?: string
  fromTemplate?: string
  steps?: TemplateStep[]
  startCmd?: string
  readyCmd?: string
  force?: boolean
}

export interface BuildLogEntry {
  timestamp: string
  level: 'debug' | 'info' | 'warn' | 'error'
  message: string
  step?: string
}

/** What went wrong, and at which step by E2B's way of counting. */
export class StepFailure extends Error {
  readonly step: string

  constructor(step: string, message: string) {
    super(message)
    this.step = step
  }
}

export interface BuildPlace {
  layers: Layers
  /** Where uploads are, each by its hash. */
  uploads: string
  /** The repository, whose node_modules stand in for a registry. */
  repository: string
  log: (level: BuildLogEntry['level'], message: string, step?: string) => void
}

/** Does what E2B does with a template: each step on the layer before it, then the start command until it is ready. */
export async function runBuild(
  build: TemplateBuild,
  place: BuildPlace,
): Promise<Omit<SandboxTemplate, 'templateId' | 'names'>> {
  const { layers, log } = place
  const steps = build.steps ?? []
  if (build.fromImage === undefined) throw new StepFailure('base', 'the double builds from images only')
  const total = steps.length + 1
  log('info', `[base] FROM ${build.fromImage}`, 'base')
  let key = layers.key('', build.fromImage)
  await layers.base(key)
  const around: Surroundings = { user: 'user', folder: '', envs: {} }
  let isForced = build.force === true
  for (const [index, step] of steps.entries()) {
    const number = String(index + 1)
    const prefix = `builder ${number}/${total}`
    const text = `[${prefix}] ${step.type} ${(step.args ?? []).join(' ')}`
    const before = key
    const copied = { ...around, envs: { ...around.envs } }
    key = layers.key(before, [step.type, step.args, step.filesHash, around])
    isForced ||= step.force === true
    const isCached = layers.has(key) && !isForced
    log('info', `${isCached ? 'CACHED ' : ''}${text}`, number)
    surround(around, step)
    if (isCached) continue
    await rm(layers.place(key), { recursive: true, force: true })
    await layers.add(key, before, async (root) => {
      const note = (line: string): void => log('info', `[${prefix}] ${line}`, number)
      await execute(root, step, copied, place, note).catch((error: Error) => {
        throw new StepFailure(number, error.message)
      })
    })
  }
  const finished = layers.key(key, 'finalize')
  await layers.add(finished, key, async (root) => {
    await runInRoot(root, CONFIGURE, { user: 'root', folder: '/', envs: {} }, () => {})
  })
  await tryStart(build, finished, around, place)
  return {
    rootfs: layers.place(finished),
    envs: around.envs,
    enter: enterRoot,
    ...(build.startCmd !== undefined && { startCmd: build.startCmd }),
    ...(build.readyCmd !== undefined && { readyCmd: build.readyCmd }),
  }
}

/** What a step says about those after it. */
function surround(around: Surroundings, { type, args = [] }: TemplateStep): void {
  if (type === 'USER') around.user = args[0]!
  if (type === 'WORKDIR') around.folder = args[0]!
  if (type === 'ENV') for (let at = 0; at < args.length; at += 2) around.envs[args[at]!] = args[at + 1]!
}

async function execute(
  root: string,
  step: TemplateStep,
  around: Surroundings,
  { uploads, repository }: BuildPlace,
  note: (line: string) => void,
): Promise<void> {
  const [first = '', second = '', owner = '', mode = ''] = step.args ?? []
  const asRoot = { ...around, user: 'root' }
  if (step.type === 'RUN') {
    const user = second === '' ? around.user : second
    await runInRoot(root, first, { ...around, user }, note, repository).catch((error: Error) => {
      throw new Error(`failed to run command '${first}': ${error.message}`)
    })
  }
  if (step.type === 'USER') {
    await runInRoot(root, `getent passwd "$1" >/dev/null || useradd -m "$1"`, asRoot, note, '', [first])
  }
  if (step.type === 'WORKDIR') await runInRoot(root, 'mkdir -p "$1"', asRoot, note, '', [first])
  if (step.type === 'COPY') {
    if (step.filesHash === undefined) throw new Error('COPY requires files hash to be set')
    const belongsTo = owner === '' ? around.user : owner
    const args = [first, second, belongsTo, mode, step.filesHash]
    await runInRoot(root, COPY, { ...asRoot, folder: '/' }, note, uploads, args)
  }
}

/** Unpacks an upload and moves what the step names to its place; a folder is merged into what is there. */
const COPY = `set -e
mkdir -p /tmp/unpack && tar -xzf /.double/$5 -C /tmp/unpack
what=/tmp/unpack/$1 where=$2
chown -Rh "$3:$3" "$what"
[ -z "$4" ] || chmod -R "$4" "$what"
case "$where" in */) mkdir -p "$where" ;; *) mkdir -p "$(dirname "$where")" ;; esac
if [ -d "$what" ]; then mkdir -p "$where" && cp -a "$what/." "$where"; else mv "$what" "$where"; fi
rm -rf /tmp/unpack`

/** Runs the start command in a copy until it is ready. E2B keeps it running; the double starts it for each sandbox. */
async function tryStart(
  build: TemplateBuild,
  key: string,
  around: Surroundings,
  place: BuildPlace,
): Promise<void> {
  const { startCmd, readyCmd } = build
  if (startCmd === undefined) return
  const root = await place.layers.copy(key)
  const [a, b, c] = randomBytes(3) as unknown as [number, number, number]
  const address = `127.${128 + (a % 64)}.${b}.${1 + (c % 254)}`
  const inside = { ...around, envs: { ...around.envs, HOST: address } }
  place.log('info', `[finalize] Running start command: ${startCmd}`, 'finalize')
  const started = startInRoot(root, startCmd, inside, (line) =>
    place.log('info', `[start] ${line}`, 'finalize'),
  )
  try {
    for (let tries = 0; ; tries += 1) {
      if (started.code !== undefined && started.code !== 0) {
        throw new StepFailure('finalize', `start command failed: exit status ${started.code}`)
      }
      const isReady = await runInRoot(root, readyCmd ?? 'sleep 1', inside, () => {}).then(
        () => true,
        () => false,
      )
      if (isReady) break
      if (tries === 100) throw new StepFailure('finalize', 'ready command failed: timed out')
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    place.log('info', '[finalize] Template is ready', 'finalize')
  } finally {
    await started.end()
    await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }
}
