// npm run pack: the packages as they would be published, in `packed/`, for `npm install …/packed/*.tgz` elsewhere.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build, install, must, root } from './steps.mjs'

const PACKAGES = ['protocol', 'sandbox', 'client', 'server', 'scripted-claude']

await install()
await build()
const folder = join(root, 'packed')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder)
await must('npm', [
  'pack',
  '--silent',
  `--pack-destination=${folder}`,
  ...PACKAGES.map((name) => `--workspace=packages/${name}`),
])
