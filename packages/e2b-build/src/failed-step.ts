import type { BuildStatusReason } from 'e2b'
import { TemplateBuildError } from './errors.ts'
import { BEFORE, type Step } from './steps.ts'

/** How much of the log an error repeats. */
const TAIL_LINES = 20

/** What to tell of a build that failed: the step in our words, what E2B says of it, and the end of its log. */
export function failedStep(
  steps: readonly Step[],
  reason: BuildStatusReason | undefined,
  log: readonly string[],
): TemplateBuildError {
  const own = (reason?.logEntries ?? []).map(({ message }) => message)
  const tail = (own.length > 0 ? own : log).flatMap((text) => text.trimEnd().split('\n')).slice(-TAIL_LINES)
  const step = nameOf(steps, reason?.step)
  return new TemplateBuildError({
    code: 'build_failed',
    message: [
      `The build failed${step === undefined ? '' : ` at ${step}`}: ${reason?.message ?? 'E2B does not say why.'}`,
      ...tail.map((line) => `  | ${line}`),
    ].join('\n'),
    hint: 'Steps that went well are kept: the next build begins at this one.',
  })
}

/** E2B counts instructions from 1, and has names for what is before and after them. */
function nameOf(steps: readonly Step[], step: string | undefined): string | undefined {
  if (step === undefined) return undefined
  if (step === 'base') return 'the base image'
  if (step === 'finalize') return 'the start of the server'
  const found = steps[Number(step) - 1 - BEFORE]
  return found === undefined ? `step ${step}` : `step '${found.title}'`
}
