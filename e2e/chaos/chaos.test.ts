import { expect, test } from 'vitest'
import { runChaos, type ChaosOptions } from './run.ts'

/** The short form; `npm run chaos` is the long one. */
const SHORT: Omit<ChaosOptions, 'seed'> = {
  durationMs: 8_000,
  sessions: 2,
  everyMs: 300,
  idleMs: 1_500,
  settleMs: 30_000,
}

for (const seed of ['42', String(Math.floor(Math.random() * 1e9))]) {
  test(
    `nothing is lost while sockets, agents, servers and disks fail (seed ${seed})`,
    { timeout: 150_000 },
    async () => {
      const { journal, leftOut, evidence } = await runChaos({ ...SHORT, seed })
      console.log(
        `chaos, seed ${seed}: ${journal.line}${leftOut.map((what) => `\nleft out: ${what}`).join('')}`,
      )
      expect(journal.violations, `evidence: ${evidence}`).toEqual([])
    },
  )
}
