import { parseArgs } from 'node:util'
import { ScriptedClaudeError } from '../errors.ts'
import { defaultPort } from './help.ts'

/** What every command is told. */
export interface ServerFlags {
  port: number
  host: string
  isVerbose: boolean
}

export interface ServeCommand extends ServerFlags {
  name: 'serve'
  /** Path of the script; the demo without one. */
  script: string | undefined
  onUnmatched: 'error' | 'text'
}

/** What commands with a cassette are told. */
interface CassetteFlags extends ServerFlags {
  cassette: string
  redact: RegExp[]
  /** A program and its arguments, to be run against the server; none means to serve until a signal. */
  program: string[]
}

export interface RecordCommand extends CassetteFlags {
  name: 'record'
  upstream: string | undefined
  pauses: boolean
}

export interface ReplayCommand extends CassetteFlags {
  name: 'replay' | 'assert'
  match: 'loose' | 'strict'
  onUsedUp: 'error' | 'repeat'
  pauses: boolean
  /** Whether every recording has to be played. */
  isAll: boolean
}

/** What the command line asks for. */
export type CommandLine = { name: 'help' | 'version' } | ServeCommand | RecordCommand | ReplayCommand

const serverFlags = {
  port: { type: 'string' },
  host: { type: 'string' },
  verbose: { type: 'boolean' },
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

const cassetteFlags = {
  cassette: { type: 'string' },
  redact: { type: 'string', multiple: true },
} as const

/**
 * Reads the command line.
 * @throws ScriptedClaudeError `invalid_option`
 */
export function readCommandLine(args: readonly string[]): CommandLine {
  const [name, ...rest] = args
  if (name === 'record') return readRecord(rest)
  if (name === 'replay' || name === 'assert') return readReplay(name, rest)
  const values = parseFlags(args, {
    ...serverFlags,
    script: { type: 'string' },
    'on-unmatched': { type: 'string' },
  })
  return (
    askedFor(values) ?? {
      name: 'serve',
      ...readServer(values, defaultPort),
      script: values.script,
      onUnmatched: readChoice('--on-unmatched', values['on-unmatched'], ['error', 'text']),
    }
  )
}

function readRecord(args: readonly string[]): CommandLine {
  const { flags, program } = splitProgram(args)
  const values = parseFlags(flags, {
    ...serverFlags,
    ...cassetteFlags,
    upstream: { type: 'string' },
    pauses: { type: 'boolean' },
  })
  return (
    askedFor(values) ?? {
      name: 'record',
      ...readCassette('record', values, program),
      upstream: values.upstream,
      pauses: values.pauses ?? false,
    }
  )
}

function readReplay(name: 'replay' | 'assert', args: readonly string[]): CommandLine {
  const { flags, program } = splitProgram(args)
  const values = parseFlags(flags, {
    ...serverFlags,
    ...cassetteFlags,
    match: { type: 'string' },
    'on-used-up': { type: 'string' },
    'no-pauses': { type: 'boolean' },
    ...(name === 'assert' ? ({ all: { type: 'boolean' } } as const) : {}),
  })
  return (
    askedFor(values) ?? {
      name,
      ...readCassette(name, values, program),
      match: readChoice('--match', values.match, ['loose', 'strict']),
      onUsedUp: readChoice('--on-used-up', values['on-used-up'], ['error', 'repeat']),
      pauses: values['no-pauses'] !== true,
      isAll: values.all === true,
    }
  )
}

function parseFlags<T extends NonNullable<Parameters<typeof parseArgs>[0]>['options']>(
  args: readonly string[],
  options: T,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true }).values
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split(/\. |\n/)[0] ?? '') : String(error)
    throw invalidOption(`${reason.replace(/\.$/, '')}.`)
  }
}

/** Takes the program after `--` from the flags before it. */
function splitProgram(args: readonly string[]): { flags: readonly string[]; program: string[] } {
  const place = args.indexOf('--')
  if (place < 0) return { flags: args, program: [] }
  const program = args.slice(place + 1)
  if (program.length === 0) throw invalidOption('There is no command after --.')
  return { flags: args.slice(0, place), program }
}

function askedFor(values: { help?: boolean; version?: boolean }): CommandLine | undefined {
  if (values.help === true) return { name: 'help' }
  return values.version === true ? { name: 'version' } : undefined
}

function readServer(values: { port?: string; host?: string; verbose?: boolean }, port: number): ServerFlags {
  return {
    port: readPort(values.port ?? String(port)),
    host: values.host ?? '127.0.0.1',
    isVerbose: values.verbose ?? false,
  }
}

function readCassette(
  name: string,
  values: { cassette?: string; redact?: string[]; port?: string; host?: string; verbose?: boolean },
  program: string[],
): CassetteFlags {
  if (values.cassette === undefined || values.cassette === '') {
    throw invalidOption(`${name} needs --cassette with the path of a file.`)
  }
  return {
    ...readServer(values, program.length === 0 ? defaultPort : 0),
    cassette: values.cassette,
    redact: (values.redact ?? []).map(readPattern),
    program,
  }
}

function readPattern(text: string): RegExp {
  try {
    return new RegExp(text)
  } catch {
    // Not shown: it may be the secret itself.
    throw invalidOption('--redact is not a regular expression.')
  }
}

function readChoice<T extends string>(flag: string, value: string | undefined, choices: readonly [T, T]): T {
  const chosen = choices.find((choice) => choice === (value ?? choices[0]))
  if (chosen === undefined) throw invalidOption(`${flag} is ${choices.join(' or ')}, not '${value}'.`)
  return chosen
}

function readPort(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535)
    throw invalidOption(`--port is a number from 0 to 65535, not '${text}'.`)
  return port
}

function invalidOption(message: string): ScriptedClaudeError {
  return new ScriptedClaudeError({ code: 'invalid_option', message, hint: 'See scripted-claude --help.' })
}
