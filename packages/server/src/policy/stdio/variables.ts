type Fields = Record<string, unknown>

/** The variables by which an SDK hands an option on to its process. */
const OPTIONS: Readonly<Record<string, (value: string) => Fields>> = {
  CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING: (value) => ({ enableFileCheckpointing: value === 'true' }),
  CLAUDE_CODE_QUESTION_PREVIEW_FORMAT: (value) => ({
    toolConfig: { askUserQuestion: { previewFormat: value } },
  }),
}

/** Parts an environment into the options that an SDK has put there, and the variables that are for the agent. */
export function readVariables(env: Readonly<Record<string, string>>): {
  options: Fields
  env: Record<string, string>
} {
  const options: Fields = {}
  const rest: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (Object.hasOwn(OPTIONS, name)) Object.assign(options, OPTIONS[name]!(value))
    else rest[name] = value
  }
  return { options, env: rest }
}
