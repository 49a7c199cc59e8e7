import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { TemplateBuildError } from './errors.ts'

/** The optional file in the root of the working tree. */
const CONFIG_FILE = 'e2b.config.json'

const path = z
  .string()
  .regex(/^\/[^\0]+$/, 'must be an absolute path')
  .refine((value) => !value.split('/').includes('..'), 'must not contain ..')
  .refine((value) => !OURS.some((own) => value === own || value.startsWith(`${own}/`)), {
    message: 'is a place of the server, where nothing else may be put',
  })

/** Places that only the template itself writes to. */
const OURS = ['/opt/claude-agent-server', '/var/lib/claude-agent-server', '/run/claude-agent']

const configSchema = z.strictObject({
  name: z.string().optional(),
  cpuCount: z.int().min(1).max(64).optional(),
  memoryMB: z.int().min(512).multipleOf(2).optional(),
  aptPackages: z
    .array(z.string().regex(/^[a-z0-9][a-z0-9+.:~=_-]*$/i, 'must be the name of a package'))
    .default([]),
  files: z
    .array(
      z.strictObject({
        from: z.string().min(1),
        to: path,
        mode: z
          .string()
          .regex(/^0?[0-7]{3}$/, 'must be an octal mode, e.g. "755"')
          .optional(),
      }),
    )
    .default([]),
  commands: z.array(z.string().min(1)).default([]),
})

/** What is to be built. */
export interface BuildSettings {
  /** Name of the template, by which sandboxes are created. @default 'claude-agent-server' */
  name: string
  /** Cores. @default 2 */
  cpuCount: number
  /** Memory in MiB. @default 2048 */
  memoryMB: number
  /** Further packages of Debian. */
  aptPackages: string[]
  /** Further files and folders: from the working tree to a place in the template. */
  files: { from: string; to: string; mode?: string | undefined }[]
  /** Commands that root runs in `/` after everything else is there but the server. */
  commands: string[]
  /** Every step runs again. */
  noCache: boolean
}

export const HELP = `Builds the E2B template of claude-agent-server from the working tree.

  npm run build:e2b -- [options]      bun run build:e2b [options]

  --name <name>      name of the template, also E2B_TEMPLATE         claude-agent-server
  --cpu <n>          cores of its sandboxes                          2
  --memory <MiB>     memory of its sandboxes                         2048
  --no-cache         run every step again
  --help

E2B_API_KEY is needed, in the environment or in .env. E2B_DOMAIN and E2B_API_URL point to another E2B.
More packages, files and commands: ${CONFIG_FILE} (docs/sandboxes/e2b-template.md).
`

/**
 * Reads what is to be built: flags win over the environment, which wins over the file.
 * @throws TemplateBuildError `invalid_setting`
 */
export function readSettings(root: string, args: readonly string[], env: NodeJS.ProcessEnv): BuildSettings {
  const flags = readFlags(args)
  const file = readConfigFile(root)
  const name = flags.name ?? (env['E2B_TEMPLATE'] || file.name) ?? 'claude-agent-server'
  if (!/^[a-z0-9][a-z0-9_-]{0,127}(:[a-z0-9][a-z0-9._-]*)?$/.test(name)) {
    throw new TemplateBuildError({
      code: 'invalid_setting',
      message: `The name '${name}' cannot be that of a template.`,
      hint: 'Lowercase letters, digits, - and _, and a tag after a colon if you like: my-agents:v2.',
    })
  }
  return {
    name,
    cpuCount: number('--cpu', flags.cpu, 1) ?? file.cpuCount ?? 2,
    memoryMB: number('--memory', flags.memory, 512) ?? file.memoryMB ?? 2048,
    aptPackages: file.aptPackages,
    files: file.files,
    commands: file.commands,
    noCache: flags['no-cache'] ?? false,
  }
}

interface Flags {
  name?: string | undefined
  cpu?: string | undefined
  memory?: string | undefined
  'no-cache'?: boolean | undefined
}

function readFlags(args: readonly string[]): Flags {
  try {
    return parseArgs({
      args: [...args],
      options: {
        name: { type: 'string' },
        cpu: { type: 'string' },
        memory: { type: 'string' },
        'no-cache': { type: 'boolean' },
      },
    }).values
  } catch (cause) {
    throw new TemplateBuildError({
      code: 'invalid_setting',
      message: (cause as Error).message.split('.')[0]! + '.',
      hint: 'npm run build:e2b -- --help lists the options.',
      cause,
    })
  }
}

function number(flag: string, value: string | undefined, least: number): number | undefined {
  if (value === undefined) return undefined
  const result = Number(value)
  if (Number.isInteger(result) && result >= least) return result
  throw new TemplateBuildError({
    code: 'invalid_setting',
    message: `${flag} is '${value}'.`,
    hint: `It must be a whole number, ${least} or more.`,
  })
}

function readConfigFile(root: string): z.infer<typeof configSchema> {
  let text: string
  try {
    text = readFileSync(join(root, CONFIG_FILE), 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return configSchema.parse({})
    throw new TemplateBuildError({
      code: 'invalid_setting',
      message: `${CONFIG_FILE} cannot be read: ${(cause as Error).message}`,
      cause,
    })
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new TemplateBuildError({
      code: 'invalid_setting',
      message: `${CONFIG_FILE} is no JSON: ${(cause as Error).message}`,
      cause,
    })
  }
  const result = configSchema.safeParse(json)
  if (result.success) return result.data
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`)
  throw new TemplateBuildError({
    code: 'invalid_setting',
    message: `${CONFIG_FILE}: ${issues.join('; ')}`,
    hint: 'docs/sandboxes/e2b-template.md says what may stand in it.',
  })
}
