import { existsSync } from 'node:fs'
import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises'
import { basename, join, posix } from 'node:path'
import type { ArchiveEntry } from './archive.ts'
import { TemplateBuildError } from './errors.ts'
import { APP, START } from './places.ts'
import type { BuildSettings } from './settings.ts'

/** What npm reads of a manifest. The rest (scripts above all) may change without the dependencies being installed anew. */
const MANIFEST_FIELDS =
  /^(name|version|private|type|workspaces|exports|engines|overrides|(dev|optional|peer)?[dD]ependencies|peerDependenciesMeta)$/

/** The manifests and the lock file: what `npm ci` needs to install the server's dependencies. */
export async function manifests(root: string): Promise<ArchiveEntry[]> {
  const { workspaces } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    workspaces: string[]
  }
  const folders = await Promise.all(
    workspaces.map(async (workspace) => {
      if (!workspace.endsWith('/*')) return [workspace]
      const parent = workspace.slice(0, -2)
      return (await readdir(join(root, parent))).map((name) => `${parent}/${name}`)
    }),
  )
  const places = ['.', ...folders.flat()].filter((folder) => existsSync(join(root, folder, 'package.json')))
  const lock = await readFile(join(root, 'package-lock.json'))
  return [
    entry(`${APP}/package-lock.json`, lock),
    ...(await Promise.all(
      places.map(async (folder) => {
        const manifest = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as object
        const kept = Object.entries(manifest).filter(([name]) => MANIFEST_FIELDS.test(name))
        const text = `${JSON.stringify(Object.fromEntries(kept), undefined, 2)}\n`
        return entry(posix.join(APP, folder, 'package.json'), Buffer.from(text))
      }),
    )),
  ]
}

/** The built server with all that its programs are made of, its page, and what starts it. */
export async function serverFiles(root: string): Promise<ArchiveEntry[]> {
  const server = join(root, 'packages/server')
  const built = await Promise.all(
    ['bin', 'dist/program', 'dist/web'].map(async (part) =>
      (await walk(join(server, part)))
        .filter(({ path }) => !path.endsWith('.map'))
        .map(({ path, from }) => ({
          path: `${APP}/packages/server/${part}/${path}`,
          from,
          mode: part === 'bin' ? 0o755 : 0o644,
        })),
    ),
  )
  const files = [
    ...built.flat(),
    { path: START.shared, from: join(root, 'docker/start-server'), mode: 0o755 },
    { path: START.template, from: join(root, 'packages/e2b-build/template/start'), mode: 0o755 },
  ]
  for (const needed of [
    `${APP}/packages/server/dist/program/bin.js`,
    `${APP}/packages/server/dist/web/index.html`,
  ]) {
    if (!files.some(({ path }) => path === needed)) {
      throw new TemplateBuildError({
        code: 'file_not_found',
        message: `There is no ${needed.slice(APP.length + 1)}.`,
        hint: 'npm run build makes it.',
      })
    }
  }
  return await Promise.all(files.map(async ({ path, from, mode }) => entry(path, await readFile(from), mode)))
}

/** Files and folders that the configuration names. Those below the agent's home are the agent's. */
export async function extraFiles(root: string, wanted: BuildSettings['files']): Promise<ArchiveEntry[]> {
  const entries = new Map<string, ArchiveEntry>()
  for (const { from, to, mode } of wanted) {
    const source = join(root, from)
    const found = await stat(source).catch((cause: unknown) => {
      throw new TemplateBuildError({
        code: 'file_not_found',
        message: `There is no '${from}', which e2b.config.json wants in the template.`,
        hint: 'Paths of `from` begin at the root of the working tree.',
        cause,
      })
    })
    // As `cp` does: into a folder where the place ends with a slash.
    const place = (
      to.endsWith('/') && !found.isDirectory() ? to + basename(from) : to.replace(/\/+$/, '')
    ).slice(1)
    const items = found.isDirectory() ? await walk(source) : [{ path: '', from: source }]
    if (found.isDirectory()) add(entries, { path: place, mode: 0o755, content: { kind: 'folder' } })
    for (const item of items) add(entries, await extra(posix.join(place, item.path), item.from, mode))
  }
  return [...entries.values()]
}

/** With the folders above it that belong to the agent, which would be root's otherwise. */
function add(entries: Map<string, ArchiveEntry>, item: ArchiveEntry): void {
  const home = 'home/agent/'
  if (!item.path.startsWith(home)) return void entries.set(item.path, item)
  const parts = item.path.slice(home.length).split('/').slice(0, -1)
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const path = home + parts.slice(0, depth).join('/')
    if (!entries.has(path)) entries.set(path, { path, mode: 0o755, owner: 1000, content: { kind: 'folder' } })
  }
  entries.set(item.path, { ...item, owner: 1000 })
}

async function extra(path: string, from: string, wantedMode: string | undefined): Promise<ArchiveEntry> {
  const info = await lstat(from)
  if (info.isSymbolicLink())
    return { path, mode: 0o777, content: { kind: 'link', target: await readlink(from) } }
  const isProgram = (info.mode & 0o100) !== 0
  const mode = wantedMode === undefined ? (isProgram ? 0o755 : 0o644) : parseInt(wantedMode, 8)
  return { path, mode, content: { kind: 'file', from, size: info.size } }
}

function entry(path: string, bytes: Buffer, mode = 0o644): ArchiveEntry {
  return { path, mode, content: { kind: 'bytes', bytes } }
}

/** Every file and link below a folder, with its path from there. */
async function walk(folder: string): Promise<{ path: string; from: string }[]> {
  const list = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  return list
    .filter((item) => item.isFile() || item.isSymbolicLink())
    .map((item) => {
      const from = join(item.parentPath, item.name)
      return { path: from.slice(folder.length + 1).replaceAll('\\', '/'), from }
    })
}
