import { startRecorder } from '../record/recorder.ts'
import type { RecordCommand } from './command-line.ts'
import { serve, serverOptions } from './serving.ts'

/** `scripted-claude record`: exit code 1 if there is no cassette in the end, else that of the program. */
export async function record(command: RecordCommand): Promise<number> {
  const { cassette, upstream, redact, pauses, program } = command
  const recorder = await startRecorder({
    ...serverOptions(command),
    cassette,
    redact,
    pauses,
    ...(upstream === undefined ? {} : { upstream }),
  })
  let code: number
  try {
    code = await serve(
      recorder,
      `(recording to ${cassette}). What it is asked goes to the real API.`,
      program,
    )
  } finally {
    await recorder.close()
  }
  for (const failure of recorder.failures) process.stderr.write(`scripted-claude: not recorded: ${failure}\n`)
  const isEmpty = recorder.size === 0
  process.stderr.write(
    isEmpty
      ? 'scripted-claude: nothing was recorded. Did the agent get ANTHROPIC_BASE_URL?\n'
      : `scripted-claude: ${cassette} holds ${recorder.size} exchanges. Look through it before you commit it.\n`,
  )
  return isEmpty && code === 0 ? 1 : code
}
