import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findGroups, readHierarchies } from '../../../src/agent/supervision/hierarchy.ts'
import { temporaryFolder } from '../../support.ts'

/** A folder in place of `/proc/self`, beside folders in place of groups. `@` in a line of `mountinfo` is that of the mounts. */
async function createProc(
  cgroup: string,
  mountinfo: string,
  groups: string[],
): Promise<{ proc: string; root: string }> {
  const folder = await temporaryFolder()
  const [proc, root] = [join(folder, 'proc'), join(folder, 'mounts')]
  await mkdir(proc)
  await writeFile(join(proc, 'cgroup'), cgroup)
  await writeFile(join(proc, 'mountinfo'), mountinfo.replaceAll('@', root))
  for (const group of groups) {
    await mkdir(join(root, group), { recursive: true })
    await writeFile(join(root, group, 'cgroup.procs'), '')
  }
  return { proc, root }
}

const V2 = '35 24 0:30 / @/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n'

test('a system with cgroup v2 alone has one hierarchy, and a process its group in it', async () => {
  const { proc, root } = await createProc('0::/user.slice/a b.scope\n', V2, ['cgroup/user.slice/a b.scope'])
  expect(await readHierarchies(proc)).toEqual([
    { mount: `${root}/cgroup`, own: `${root}/cgroup/user.slice/a b.scope` },
  ])
})

test('a hybrid system has it at another place, beside those of v1', async () => {
  const mounts = `
31 23 0:28 / @/cgroup rw - tmpfs tmpfs rw,mode=755
36 31 0:33 / @/cgroup/devices rw - cgroup cgroup rw,devices
41 31 0:38 / @/cgroup/unified rw - cgroup2 cgroup2 rw`
  const groups = '5:devices:/else\n1:name=systemd:/x\n0::/\n'
  const { proc, root } = await createProc(groups, mounts, ['cgroup/unified'])
  const place = `${root}/cgroup/unified`
  expect(await readHierarchies(proc)).toEqual([{ mount: place, own: place }])
})

test('of a hierarchy of which a part is mounted, the group is looked up in that part', async () => {
  const mounts = '35 24 0:30 /docker/x @/my\\040group rw - cgroup2 cgroup2 rw\n'
  const { proc, root } = await createProc('0::/docker/x/y\n', mounts, ['my group/y'])
  expect(await readHierarchies(proc)).toEqual([{ mount: `${root}/my group`, own: `${root}/my group/y` }])
  const elsewhere = await createProc('0::/docker/xy\n', mounts, ['my group/y', 'my group'])
  expect(await readHierarchies(elsewhere.proc)).toEqual([])
})

test('there is none with v1 alone, for a group outside of the namespace, behind another mount, or without /proc', async () => {
  const v1 = await createProc('5:devices:/else\n', '36 31 0:33 / @/d rw - cgroup cgroup rw,devices\n', ['d'])
  const outside = await createProc('0::/../other\n', V2, ['cgroup', 'other'])
  const hidden = await createProc('0::/\n', V2, [])
  for (const proc of [v1.proc, outside.proc, hidden.proc, '/no/such/folder'])
    expect(await readHierarchies(proc)).toEqual([])
})

test('groups are found by the beginning of their name at any depth, but not within one another', async () => {
  const names = ['a/me.1/me.2', 'b/c/me.3', 'you.1', 'xme.1']
  const { root } = await createProc('', '', names)
  expect((await findGroups(root, 'me.')).sort()).toEqual([join(root, 'a/me.1'), join(root, 'b/c/me.3')])
})
