import { readFile } from 'node:fs/promises'

/** A line of `/etc/passwd`. */
export interface PasswdEntry {
  name: string
  uid: number
  gid: number
  home: string
  shell: string
}

/** The user of a name, or of a numeric id; undefined when there is none. */
export async function findUser(
  nameOrId: string | number,
  path = '/etc/passwd',
): Promise<PasswdEntry | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text
    .split('\n')
    .map(parseLine)
    .find((entry) => entry !== undefined && (entry.name === nameOrId || entry.uid === nameOrId))
}

function parseLine(line: string): PasswdEntry | undefined {
  const [name = '', , uid = '', gid = '', , home = '', shell = ''] = line.split(':')
  if (name === '' || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return undefined
  return { name, uid: Number(uid), gid: Number(gid), home, shell }
}
