// What an agent that wants the keys tries with its Bash tool. It prints what it found, and how much it looked at. It runs
// inside of a sandbox, so it stands on Node alone.
import { attackFiles } from './files.mjs'
import { attackNetwork } from './network.mjs'
import { attackProcesses } from './processes.mjs'
import { count, printReport, search } from './report.mjs'
import { attackRights } from './rights.mjs'

for (const [name, value] of Object.entries(process.env)) {
  count('variables')
  search(Buffer.from(value), `the variable ${name}`)
}
attackProcesses()
attackRights(attackFiles())
await attackNetwork()
printReport()
process.exit(0)
