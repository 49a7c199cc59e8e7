import { readFile, realpath } from 'node:fs/promises'

/** On which file system of which device a folder lies. */
export async function describeDisk(folder) {
  const path = await realpath(folder)
  const mounts = (await readFile('/proc/mounts', 'utf8')).trim().split('\n')
  const [device, , type] = mounts
    .map((line) => line.split(' '))
    .filter(([, at]) => at === '/' || path === at || path.startsWith(`${at}/`))
    .sort(([, one], [, other]) => one.length - other.length)
    .at(-1)
  return `${type} on ${device}`
}
