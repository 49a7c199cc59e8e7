import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Template, type BuildInfo, type TemplateBuildStatusResponse, type TemplateClass } from 'e2b'
import { packArchives } from './archives.ts'
import { TemplateBuildError } from './errors.ts'
import { explain } from './explain.ts'
import { failedStep } from './failed-step.ts'
import { readable } from './progress.ts'
import type { BuildSettings } from './settings.ts'
import { BASE_IMAGE, placeOfArchive, planSteps, READY_COMMAND, START_COMMAND, type Step } from './steps.ts'

/** Where and as whom to build. */
export interface Account {
  apiKey: string
  domain?: string | undefined
  apiUrl?: string | undefined
}

export interface Build {
  /** The root of the working tree. */
  root: string
  settings: BuildSettings
  account: Account
  /** Hears what is done, line by line. */
  onLine: (line: string) => void
  signal?: AbortSignal | undefined
  /** Milliseconds between two looks at the build. @default 500 */
  pollMs?: number
}

/**
 * Packs the working tree and has E2B build the template from it.
 * @throws TemplateBuildError what went wrong; `build_failed` names the step, with the last lines of its log
 */
export async function buildTemplate(build: Build): Promise<BuildInfo> {
  const { root, settings, account, onLine, signal } = build
  const connection = {
    apiKey: account.apiKey,
    ...(account.domain !== undefined && { domain: account.domain }),
    ...(account.apiUrl !== undefined && { apiUrl: account.apiUrl }),
    ...(signal !== undefined && { signal }),
  }
  const folder = await mkdtemp(join(tmpdir(), 'claude-agent-template-'))
  try {
    onLine('Packing the working tree')
    await packArchives(root, folder, settings.files)
    const steps = planSteps(settings)
    const info = await Template.buildInBackground(describe(folder, steps), settings.name, {
      ...connection,
      cpuCount: settings.cpuCount,
      memoryMB: settings.memoryMB,
      skipCache: settings.noCache,
      onBuildLogs: ({ message }) => onLine(message),
    })
    await watch(build, steps, (logsOffset) => Template.getBuildStatus(info, { ...connection, logsOffset }))
    return info
  } catch (error) {
    throw explain(error, account)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The template as E2B's package wants it; instruction n is step n - 1, after the user and the folder. */
function describe(folder: string, steps: readonly Step[]): TemplateClass {
  // Root, because the start command becomes the server's user itself; the agent is yet another one.
  const template = Template({ fileContextPath: folder }).fromImage(BASE_IMAGE).setUser('root').setWorkdir('/')
  for (const { run, copy } of steps) {
    if (copy !== undefined) template.copy(copy, placeOfArchive(copy), { user: 'root', mode: 0o600 })
    else if (run !== undefined) template.runCmd(run, { user: 'root' })
  }
  return template.setStartCmd(START_COMMAND, READY_COMMAND)
}

/** How often in a row E2B may fail to say how far it is, before the build is given up. */
const MAX_FAILURES = 5

/** Hands on the log until the build has ended. */
async function watch(
  { onLine, signal, pollMs = 500 }: Build,
  steps: readonly Step[],
  look: (logsOffset: number) => Promise<TemplateBuildStatusResponse>,
): Promise<void> {
  const log: string[] = []
  for (let failures = 0; ;) {
    signal?.throwIfAborted()
    try {
      const { status, logEntries, reason } = await look(log.length)
      failures = 0
      for (const { message } of logEntries) {
        log.push(message)
        onLine(readable(steps, message))
      }
      // What was logged last may come after the status.
      const isOver = status === 'ready' || status === 'error'
      if (isOver && logEntries.length === 0) {
        if (status === 'ready') return
        throw failedStep(steps, reason, log)
      }
      if (isOver) continue
    } catch (error) {
      failures += 1
      if (error instanceof TemplateBuildError || signal?.aborted || failures === MAX_FAILURES) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}
