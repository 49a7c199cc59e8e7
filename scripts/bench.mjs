// npm run bench: what we measure against the bare SDK, in one run. Flags go to bench/run.mjs.
import { build, install, must } from './steps.mjs'

await install()
await build()
await must(process.execPath, ['bench/run.mjs', ...process.argv.slice(2)])
