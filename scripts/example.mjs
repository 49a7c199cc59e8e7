// npm run test:local: the example client against http://localhost:3000.
// npm run test:client: the example client in a sandbox; the client says what this version cannot do yet.
import { build, install, run, runtime } from './steps.mjs'

await install()
await build()
process.exit(await run(runtime, ['packages/client/dist/example/example-client.js', ...process.argv.slice(2)]))
