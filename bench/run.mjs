// npm run bench: the figures of this server against the bare SDK, measured in one run on the scripted model.
import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { append } from './figures/append.mjs'
import { attach } from './figures/attach.mjs'
import { backFromIdle } from './figures/back-from-idle.mjs'
import { burst } from './figures/burst.mjs'
import { call } from './figures/call.mjs'
import { clientTool } from './figures/client-tool.mjs'
import { deltaDelay } from './figures/delta-delay.mjs'
import { deliveries } from './figures/deliveries.mjs'
import { docker } from './figures/docker.mjs'
import { firstMessage } from './figures/first-message.mjs'
import { idle } from './figures/idle.mjs'
import { idleSessions } from './figures/idle-sessions.mjs'
import { laterTurn, streamedTurn } from './figures/later-turn.mjs'
import { liveEvent } from './figures/live-event.mjs'
import { modelRelay } from './figures/model-relay.mjs'
import { readers } from './figures/readers.mjs'
import { stdio } from './figures/stdio.mjs'
import { twenty } from './figures/twenty.mjs'
import { openLab } from './lab.mjs'
import { countUnquiet, setPatience } from './quiet.mjs'
import { describeFigure, layOut } from './table.mjs'

const FIGURES = [
  firstMessage,
  laterTurn,
  streamedTurn,
  deltaDelay,
  burst,
  idle,
  backFromIdle,
  liveEvent,
  call,
  clientTool,
  stdio,
  attach,
  readers,
  deliveries,
  twenty,
  append,
  idleSessions,
  modelRelay,
  docker,
]
const HELP = `Usage: npm run bench -- [--only name[,name]] [--quick] [--pairs number] [--json file] [--server file]

  --only    some of: ${FIGURES.map(({ name }) => name).join(', ')}
  --quick   few pairs and a short idle time: to see that it works, not to compare
  --pairs   pairs per figure (default: 30)
  --json    write every raw value to a file
  --server  another build of the server to measure: its bin.js
`

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    pairs: { type: 'string' },
    json: { type: 'string' },
    server: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const only = flags.only?.split(',')
const unknown = only?.find((name) => !FIGURES.some((figure) => figure.name === name))
if (flags.help || unknown !== undefined) {
  process.stdout.write(unknown === undefined ? HELP : `There is no figure '${unknown}'.\n\n${HELP}`)
  process.exit(unknown === undefined ? 0 : 2)
}

if (flags.quick) setPatience(1_000)
const effort = {
  pairs: Number(flags.pairs ?? (flags.quick ? 5 : 30)),
  // V8 gives back what the start of a server took after about 16 s without work.
  settleMs: flags.quick ? 1_000 : 30_000,
  idleMs: flags.quick ? 5_000 : 30_000,
}
const { version } = JSON.parse(
  await readFile(
    new URL('../node_modules/@anthropic-ai/claude-agent-sdk/package.json', import.meta.url),
    'utf8',
  ),
)
const machine = {
  date: new Date().toISOString().slice(0, 10),
  node: process.version,
  sdk: version,
  cores: availableParallelism(),
  processor: cpus()[0]?.model ?? 'unknown',
}
console.log(
  `Node ${machine.node}, Agent SDK ${machine.sdk}, ${machine.cores} cores (${machine.processor}), ` +
    `load ${loadavg()[0].toFixed(2)}. Ratios are ours : bare query().\n`,
)

const rows = [['what', 'measured', 'bound', '', 'of']]
const results = {}
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
  process.once(signal, () => process.exit(code))
const lab = await openLab(flags.server === undefined ? {} : { server: resolve(flags.server) })
try {
  for (const figure of FIGURES.filter(({ name }) => only?.includes(name) ?? true)) {
    process.stderr.write(`measuring ${figure.name} …\n`)
    try {
      const result = await figure.measure(lab, effort)
      results[figure.name] = { ...result, loadAfter: loadavg()[0] }
      rows.push(...describeFigure(figure, result))
    } catch (error) {
      // What the others have measured is not lost by it.
      console.error(error)
      rows.push([figure.what, `could not be measured: ${error.message}`, figure.bound, 'FAILED', ''])
      process.exitCode = 1
    } finally {
      await lab.clear()
    }
  }
} finally {
  await lab.close()
}
console.log(`${layOut(rows)}\n\nLoad at the end ${loadavg()[0].toFixed(2)}.`)
if (countUnquiet() > 0)
  console.log(`${countUnquiet()} measurements began while other programs kept the cores busy.`)
if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify({ machine, effort, results })}\n`)
// Connections of a figure that failed may be trying to come back.
process.stdout.write('', () => process.exit())
