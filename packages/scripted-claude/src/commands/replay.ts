import { startReplay } from '../replay/replay.ts'
import type { ReplayCommand } from './command-line.ts'
import { serve, serverOptions } from './serving.ts'

/** Accesses to real models, which a program that is being replayed does not need. */
const withoutAccess = {
  ANTHROPIC_API_KEY: 'none-is-needed',
  ANTHROPIC_AUTH_TOKEN: undefined,
  CLAUDE_CODE_OAUTH_TOKEN: undefined,
  CLAUDE_CODE_USE_BEDROCK: undefined,
  CLAUDE_CODE_USE_VERTEX: undefined,
  CLAUDE_CODE_USE_FOUNDRY: undefined,
}

/** `scripted-claude replay` and `assert`: that of the program, or 1 when `assert` finds something. */
export async function replay(command: ReplayCommand): Promise<number> {
  const { name, cassette, match, onUsedUp, pauses, redact, program } = command
  const server = await startReplay({ ...serverOptions(command), cassette, match, onUsedUp, pauses, redact })
  let code: number
  try {
    code = await serve(
      server,
      `(replaying ${cassette}). It is a recording, not Claude.`,
      program,
      withoutAccess,
    )
  } finally {
    await server.close()
  }
  if (name === 'replay') return code
  try {
    server.assertMatched({ all: command.isAll })
  } catch (error) {
    process.stderr.write(`scripted-claude: ${(error as Error).message}\n`)
    return code === 0 ? 1 : code
  }
  process.stderr.write('scripted-claude: every request was recorded.\n')
  return code
}
