// npm run conformance: every case of e2e/conformance by every way to an agent, and with the network cut.
// Arguments go to the test runner: npm run conformance -- -t resume
import { bin, build, install, run } from './steps.mjs'

await install()
await build()
const env = { ...process.env, TESTS: 'all' }
process.exit(await run(bin('vitest'), ['run', 'e2e/conformance', ...process.argv.slice(2)], { env }))
