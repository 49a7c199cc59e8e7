/** The template that a sandbox is made from when `template` is not given. */
export const DEFAULT_TEMPLATE = 'claude-agent-server'

/** Lifetime of a sandbox in milliseconds: 5 minutes. */
export const DEFAULT_TIMEOUT_MS = 300_000

/** How long an engine may take to make a sandbox, or to bring one back, without a word of progress, in milliseconds. */
export const DEFAULT_START_TIMEOUT_MS = 120_000

/** How long `start()` and `watchDir()` wait for the server, in milliseconds. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 15_000
