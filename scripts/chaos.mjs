// npm run chaos: sessions talk while everything around them fails, for minutes; at the end nothing may be lost.
// Flags: --minutes 10 --seed 42 --sessions 3 --every 1200 (milliseconds between two faults, on average).
import { createViteServer } from 'vitest/node'
import { build, install, root } from './steps.mjs'

await install()
await build()
const conditions = ['@claude-agent/source']
const loader = await createViteServer({
  root,
  configFile: false,
  logLevel: 'error',
  server: { middlewareMode: true, watch: null, ws: false },
  optimizeDeps: { noDiscovery: true },
  resolve: { conditions },
  ssr: { resolve: { conditions: [...conditions, 'node', 'import', 'default'] } },
})
const { main } = await loader.ssrLoadModule('/e2e/chaos/long.ts')
process.exit(await main(process.argv.slice(2)))
