import { buildTemplate } from './build.ts'
import { TemplateBuildError } from './errors.ts'
import { HELP, readSettings } from './settings.ts'

export interface Program {
  /** The root of the working tree. */
  root: string
  args: readonly string[]
  env: NodeJS.ProcessEnv
  /** Prints a line for people. */
  print: (line: string) => void
  /** Ends it; what E2B has begun goes on there. */
  signal?: AbortSignal
}

/**
 * The program `build:e2b`: checks what it is told, builds the template, and says how far it is.
 * @returns its exit code
 */
export async function run({ root, args, env, print, signal }: Program): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    print(HELP)
    return 0
  }
  const start = Date.now()
  const apiKey = env['E2B_API_KEY']
  const say = (line: string): void => {
    const clean = apiKey ? line.replaceAll(apiKey, '***') : line
    const seconds = `${((Date.now() - start) / 1000).toFixed(1)}s`.padStart(7)
    for (const part of clean.trimEnd().split('\n')) print(`${seconds}  ${part}`)
  }
  try {
    const settings = readSettings(root, args, env)
    if (!apiKey) {
      throw new TemplateBuildError({
        code: 'unauthorized',
        message: 'E2B_API_KEY is not set.',
        hint: 'Put it into .env or the environment; keys are made at https://e2b.dev/dashboard.',
      })
    }
    say(`Building '${settings.name}' (${settings.cpuCount} cores, ${settings.memoryMB} MiB)`)
    const account = {
      apiKey,
      domain: env['E2B_DOMAIN'] || undefined,
      apiUrl: env['E2B_API_URL'] || undefined,
    }
    const info = await buildTemplate({ root, settings, account, onLine: say, signal })
    say(`Template '${info.name}' is ready (${info.templateId})`)
    return 0
  } catch (error) {
    if (signal?.aborted) {
      print('\nbuild:e2b: ended here; what E2B has begun goes on there.')
      return 130
    }
    if (!(error instanceof TemplateBuildError)) throw error
    const gap = error.message.includes('\n') ? '\n' : ' '
    const text = error.message + (error.hint === undefined ? '' : gap + error.hint)
    print(`\nbuild:e2b: ${apiKey ? text.replaceAll(apiKey, '***') : text}`)
    return 1
  }
}
