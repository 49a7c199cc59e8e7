import * as z from 'zod/mini'
import { PERMISSION_MODES } from './agents.ts'
import { exactly, flag, refused, texts } from './schema-parts.ts'

/** Why a directory outside of the workspace may not be given to the agent. */
export const OUTSIDE = 'Leads out of the workspace, which is the place that the server gives to the agent.'
const WORKSPACE = refused(OUTSIDE)

/** `settings.permissions`. */
export const permissions = exactly({
  allow: texts,
  deny: texts,
  ask: texts,
  defaultMode: z.enum(PERMISSION_MODES),
  disableBypassPermissionsMode: z.literal('disable'),
  disableAutoMode: z.literal('disable'),
  blockReadsOutsideWorkingDirectories: flag,
  blockWritesOutsideWorkingDirectories: flag,
  denyInsteadOfPrompting: flag,
  additionalDirectories: WORKSPACE,
  blockReadsExemptPaths: WORKSPACE,
  workingDirectoriesAsGiven: WORKSPACE,
  workingDirectoriesExclude: texts,
})
