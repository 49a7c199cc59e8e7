import { parseArgs } from 'node:util'
import { runChaos } from './run.ts'

/** The long form, by command: a line every 10 s, and a verdict. Resolves with the exit code. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      sessions: { type: 'string', default: '3' },
      every: { type: 'string', default: '1200' },
    },
  })
  const { seed } = values
  console.log(`chaos: seed ${seed}, ${values.minutes} min, ${values.sessions} sessions at once`)
  const { journal, leftOut, evidence } = await runChaos({
    seed,
    durationMs: Number(values.minutes) * 60_000,
    sessions: Number(values.sessions),
    everyMs: Number(values.every),
    idleMs: 4_000,
    settleMs: 60_000,
    onTick: (line) => console.log(line),
  })
  console.log(journal.line)
  for (const what of leftOut) console.log(`left out: ${what}`)
  for (const violation of journal.violations) console.log(JSON.stringify(violation).slice(0, 1000))
  const verdict =
    journal.violations.length === 0 ? 'nothing was violated' : `${journal.violations.length} violations`
  console.log(`\nchaos: seed ${seed}: ${journal.kills} kills, ${verdict}`)
  if (evidence !== undefined) console.log(`evidence: ${evidence}`)
  return journal.violations.length === 0 ? 0 : 1
}
