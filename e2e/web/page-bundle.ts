import { execFile } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const SOURCE = fileURLToPath(new URL('../../packages/web/', import.meta.url))
const BUILT = fileURLToPath(new URL('../../packages/server/dist/web/index.html', import.meta.url))

/** Builds the page where the server serves it from, unless what is there is newer than its sources. */
export async function buildPage(): Promise<void> {
  const built = await stat(BUILT).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
  if (built > (await newestSource())) return
  const manifest = createRequire(join(SOURCE, 'package.json')).resolve('vite/package.json')
  const vite = join(dirname(manifest), 'bin', 'vite.js')
  await promisify(execFile)(process.execPath, [vite, 'build'], { cwd: SOURCE })
}

async function newestSource(): Promise<number> {
  const names = await readdir(SOURCE, { recursive: true })
  const sources = names.filter((name) => /^(src|public|index\.html|vite\.config\.ts)/.test(name))
  const times = await Promise.all(sources.map(async (name) => (await stat(join(SOURCE, name))).mtimeMs))
  return Math.max(...times)
}
