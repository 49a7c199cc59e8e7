// npm test: installs and builds if needed, brings what the tests want of the system, runs every test, and ends with
// a line `N passed, N failed`. Arguments go to the test runner: npm test -- packages/server.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bin, build, install, run } from './steps.mjs'
import { findChromium, installChromium } from './chromium.mjs'
import { installBubblewrap } from './bubblewrap.mjs'
import { startDockerEngine } from './docker-engine.mjs'
import { LONG } from './long.mjs'

await install()
await build()
if (findChromium() === undefined) installChromium()
installBubblewrap()
// Tests that are chosen by name and are none of sandboxes need no engine.
const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
// Who names tests gets them, whatever they take.
if (chosen.length > 0) process.env.TESTS ??= 'all'
const usesDocker = chosen.length === 0 || chosen.some((name) => /docker|sandbox|e2e/.test(name))
const engine = usesDocker ? await startDockerEngine() : undefined

const folder = mkdtempSync(join(tmpdir(), 'test-report-'))
const report = join(folder, 'report.json')
const args = [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
]
const tests = run(bin('vitest'), args, { env: engine?.env ?? process.env })
// Beside the tests that do without.
await engine?.makeImage()
const code = await tests
await engine?.stop()
const result = readReport()
rmSync(folder, { recursive: true, force: true })

const skipped = result.testResults.flatMap(({ assertionResults }) =>
  assertionResults.filter(({ status }) => status === 'skipped' || status === 'pending' || status === 'todo'),
)
const tooLong = process.env.TESTS === 'all' || chosen.length > 0 ? [] : LONG
if (skipped.length + tooLong.length > 0) {
  console.log('\nLeft out:')
  for (const name of tooLong) console.log(`  ${name}, for its time: npm run test:long`)
  for (const { fullName } of skipped) console.log(`  ${fullName}`)
}
const broken = result.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
)
const failed =
  result.numFailedTests + broken.length + (code !== 0 && result.numFailedTests + broken.length === 0 ? 1 : 0)
console.log(
  `\n${result.numPassedTests} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`,
)
process.exit(failed > 0 ? 1 : 0)

function readReport() {
  try {
    return JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    return { testResults: [], numPassedTests: 0, numFailedTests: 1 }
  }
}
