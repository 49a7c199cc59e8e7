// npm run check: format, lint, types, dead code and package lint, each named as it runs.
import { join } from 'node:path'
import { bin, build, install, root, run } from './steps.mjs'

await install()
await build()

const published = ['protocol', 'server', 'sandbox', 'client', 'scripted-claude']
const checks = [
  ['format', bin('oxfmt'), ['--check', '.']],
  ['lint', bin('oxlint'), ['--type-aware', '--deny-warnings']],
  ['types of tests', process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.tests.json']],
  [
    'types of the page',
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'packages/web', '--noEmit'],
  ],
  ['dead code', bin('knip'), []],
  ...published.flatMap((name) => [
    [`package ${name}`, bin('publint'), ['--strict', '--pack', 'npm', `packages/${name}`]],
    [
      `exports of ${name}`,
      bin('attw'),
      ['--pack', `packages/${name}`, '--profile', 'esm-only', '--format', 'ascii', '--quiet'],
    ],
  ]),
]

const failed = []
for (const [name, command, args] of checks) {
  console.log(`\n— ${String(name)}`)
  if (
    (await run(command, args, {
      cwd: root,
      env: { ...process.env, PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(':') },
    })) !== 0
  )
    failed.push(name)
}
console.log(
  failed.length === 0 ? `\nAll ${checks.length} checks hold.` : `\nNot in order: ${failed.join(', ')}`,
)
process.exit(failed.length === 0 ? 0 : 1)
