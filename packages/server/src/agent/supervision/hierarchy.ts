import { access, readdir, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'

/** A mount of the cgroup v2 hierarchy, as this process sees it. */
export interface Hierarchy {
  /** Where it is mounted. */
  mount: string
  /** The directory of this process's own group in it. */
  own: string
}

/** The mounts of cgroup v2 in which this process has a group; none elsewhere than on Linux, or where only v1 is. */
export async function readHierarchies(proc = '/proc/self'): Promise<Hierarchy[]> {
  const read = (name: string): Promise<string> => readFile(join(proc, name), 'utf8').catch(() => '')
  const [groups, mounts] = await Promise.all([read('cgroup'), read('mountinfo')])
  const own = /^0::(\/.*)$/m.exec(groups)?.[1]
  // A group outside of the namespace's root is shown as `/..`, and is in no mount of ours.
  if (own === undefined || own.startsWith('/..')) return []
  const places = mounts.split('\n').flatMap((line) => locate(line, own) ?? [])
  // A mount may be hidden by a later one.
  const visible = await Promise.all(places.map((place) => isGroup(place.own)))
  return places.filter((_, index) => visible[index])
}

/** The directories of groups whose name begins with a prefix, wherever they are below a directory. */
export async function findGroups(below: string, prefix: string): Promise<string[]> {
  const found = (await groupsIn(below)).map((path) =>
    basename(path).startsWith(prefix) ? Promise.resolve([path]) : findGroups(path, prefix),
  )
  return (await Promise.all(found)).flat()
}

/** The directories of the groups right in another one. */
export async function groupsIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name))
}

function isGroup(path: string): Promise<boolean> {
  return access(join(path, 'cgroup.procs')).then(
    () => true,
    () => false,
  )
}

/** Where a group lies by one line of `mountinfo`: `31 23 0:28 <root> <mount> <options> … - <type> …`. */
function locate(line: string, own: string): Hierarchy | undefined {
  const [place = '', source = ''] = line.split(' - ')
  const [, , , root = '', mount = ''] = place.split(' ').map(unescape)
  if (!source.startsWith('cgroup2 ')) return undefined
  if (root === '/') return { mount, own: resolve(mount, `.${own}`) }
  // Only a part of the hierarchy is mounted, as some container engines do.
  return own === root || own.startsWith(`${root}/`)
    ? { mount, own: resolve(mount, `.${own.slice(root.length)}`) }
    : undefined
}

/** Blanks stand in `mountinfo` as `\040`. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)))
}
