import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'

type Target = string | { [condition: string]: Target }
interface Manifest {
  name: string
  exports: Record<string, Target>
  imports?: Record<string, Target>
}

const packageFolder = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const root = resolve(packageFolder, '../..')

beforeAll(() => {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [compiler, '-b', packageFolder], { stdio: 'pipe' })
}, 120_000)

/** The file that a condition-aware resolver takes. */
function pick(target: Target | undefined, conditions: string[]): string | undefined {
  if (target === undefined || typeof target === 'string') return target
  const condition = Object.keys(target).find((name) => name === 'default' || conditions.includes(name))
  return condition === undefined ? undefined : pick(target[condition], conditions)
}

interface Walk {
  files: Map<string, string>
  outside: Set<string>
  lazy: Set<string>
}

/** Every module that is loaded from an entry of the built package, and what is imported from outside of it: at once, and when it is needed. */
function walk(entry: string, conditions: string[]): Walk {
  const files = new Map<string, string>()
  const outside = new Set<string>()
  const lazy = new Set<string>()
  const visit = (folder: string, manifest: Manifest, file: string): void => {
    if (files.has(file)) return
    const code = readFileSync(file, 'utf8')
    files.set(file, code)
    for (const [, specifier = ''] of code.matchAll(/import\s*\(\s*['"]([^'"]+)['"]/g)) lazy.add(specifier)
    for (const [, specifier = ''] of code.matchAll(/(?:from|import)\s*['"]([^'"]+)['"]/g)) {
      if (specifier.startsWith('.')) visit(folder, manifest, resolve(dirname(file), specifier))
      else if (specifier.startsWith('#')) {
        visit(folder, manifest, resolve(folder, pick(manifest.imports?.[specifier], conditions) ?? ''))
      } else if (specifier === '@claude-agent/protocol') enter('packages/protocol', '.')
      else outside.add(specifier)
    }
  }
  const enter = (folder: string, subpath: string): void => {
    const absolute = join(root, folder)
    const manifest = JSON.parse(readFileSync(join(absolute, 'package.json'), 'utf8')) as Manifest
    visit(absolute, manifest, resolve(absolute, pick(manifest.exports[subpath], conditions) ?? ''))
  }
  enter('packages/client', entry)
  return { files, outside, lazy }
}

const browser = ['browser', 'import']

test('a browser loads modules of this package and of the protocol, and nothing else', () => {
  for (const entry of ['.', './types', './const']) {
    const { outside, lazy, files } = walk(entry, browser)
    expect([...outside, ...lazy]).toEqual([])
    expect([...files.keys()].filter((file) => file.endsWith('socket-ws.js'))).toEqual([])
  }
  const names = [...walk('.', browser).files.keys()]
  expect(names.some((file) => file.endsWith('socket-web.js'))).toBe(true)
  expect(names.length).toBeGreaterThan(10)
})

test('nothing on the browser path needs a global of Node without asking for it first', () => {
  for (const [file, code] of walk('.', browser).files) {
    expect(code, file).not.toMatch(/\b(Buffer|require|__dirname|setImmediate)\b/)
    const uses = code.match(/\bprocess\??\.\w/g) ?? []
    const asked = code.match(/typeof process\b/g) ?? []
    if (uses.length > 0) expect(asked.length, file).toBeGreaterThan(0)
  }
})

test('Bun, Deno and workers get the adapter of the platform’s own WebSocket', () => {
  for (const condition of ['bun', 'deno', 'workerd']) {
    const { outside } = walk('.', [condition, 'node', 'import'])
    expect([...outside]).toEqual([])
  }
})

test('the engines of sandboxes are loaded when one is asked for, and not where there is none', () => {
  const engines = ['local', 'docker', 'e2b'].map((name) => `@claude-agent/sandbox/${name}`)
  for (const condition of ['node', 'bun', 'deno']) {
    expect([...walk('.', [condition, 'import']).lazy]).toEqual(engines)
  }
  expect([...walk('.', ['workerd', 'import']).lazy]).toEqual([])
})

test('Node loads ws and nothing else from outside', () => {
  expect([...walk('.', ['node', 'import']).outside]).toEqual(['ws'])
})

test('the built package loads on this Node by its name', () => {
  const script = `import('@claude-agent/client').then(({ ClaudeAgentClient }) => {
    console.log(new ClaudeAgentClient({ connectionUrl: 'http://h' }).state.status)
  })`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: packageFolder })
  expect(String(output).trim()).toBe('closed')
})
