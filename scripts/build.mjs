// npm run build: installs if needed, then builds every package and the page.
import { build, install } from './steps.mjs'

await install()
await build()
