import { BEFORE, type Step } from './steps.ts'

/** E2B's line about a step: `[builder 3/9] RUN …`, with CACHED before it where it is kept from an earlier build. */
const STEP_LINE = /^(CACHED )?\[builder (\d+)\/(\d+)\] (?:RUN|COPY|USER|WORKDIR|ENV)\b/

/** A line of E2B's log for people: a step by its title instead of by its whole command. */
export function readable(steps: readonly Step[], message: string): string {
  const [, cached, number, total] = STEP_LINE.exec(message) ?? []
  const step = steps[Number(number) - 1 - BEFORE]
  if (step === undefined) return message
  return `[builder ${number}/${total}] ${step.title}${cached === undefined ? '' : ' (unchanged)'}`
}
