// npm run chaos: sessions talk while everything around them fails, for minutes; at the end nothing may be lost.
// Flags: --minutes 10 --seed 42 --sessions 3 --every 1200 (milliseconds between two faults, on average).
import { join } from 'node:path'
import { runnerImport } from 'vite'
import { build, install, root } from './steps.mjs'

await install()
await build()
const conditions = ['@claude-agent/source']
const { module } = await runnerImport(join(root, 'e2e/chaos/long.ts'), {
  root,
  configFile: false,
  logLevel: 'warn',
  resolve: { conditions },
  ssr: { resolve: { conditions: [...conditions, 'node', 'import', 'default'] } },
})
process.exit(await module.main(process.argv.slice(2)))
