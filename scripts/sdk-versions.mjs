// npm run test:sdk-versions: the official SDK against this server, in the pinned version and in those before and after it.
// They come from the registry, which is why this is no part of `npm test`. The CLI is the server's own, so without theirs.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bin, build, install, must, root, run } from './steps.mjs'

const SDK = '@anthropic-ai/claude-agent-sdk'

await install()
await build()
const { version } = JSON.parse(readFileSync(join(root, 'node_modules', SDK, 'package.json'), 'utf8'))
const known = JSON.parse(execFileSync('npm', ['view', SDK, 'versions', '--json'], { encoding: 'utf8' }))
const place = known.indexOf(version)
const versions = known.slice(Math.max(0, place - 1), place + 2)
console.log(`The versions ${versions.join(', ')}; ${version} is pinned.`)

const folder = mkdtempSync(join(tmpdir(), 'sdk-versions-'))
let code = 1
try {
  for (const one of versions)
    await must(
      'npm',
      [
        'install',
        '--prefix',
        join(folder, one),
        '--omit=optional',
        '--no-audit',
        '--no-fund',
        `${SDK}@${one}`,
      ],
      { cwd: folder },
    )
  const env = { ...process.env, TEST_SDK_FOLDER: folder, TEST_SDK_VERSIONS: versions.join(',') }
  code = await run(bin('vitest'), ['run', 'e2e/stdio/sdk-versions.test.ts'], { env })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(code)
