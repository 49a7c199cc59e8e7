// npm run test:local: the example client against http://localhost:3000.
// npm run test:client: the example client against a sandbox, which this version cannot make yet.
import { build, install, must, runtime } from './steps.mjs'

const args = process.argv.slice(2)
if (!args.includes('--url')) {
  console.error(
    'test:client runs the example in a sandbox, and this version makes no sandboxes yet.\n' +
      'Start a server with `npm start`, and run `npm run test:local` in another terminal.',
  )
  process.exit(1)
}
await install()
await build()
await must(runtime, ['packages/client/dist/example/example-client.js', ...args])
