import { join } from 'node:path'
import { writeArchive } from './archive.ts'
import type { BuildSettings } from './settings.ts'
import { extraFiles, manifests, serverFiles } from './working-tree.ts'

/**
 * Packs the working tree into the archives of the steps, in a folder.
 * @throws TemplateBuildError `file_not_found`
 */
export async function packArchives(
  root: string,
  folder: string,
  files: BuildSettings['files'],
): Promise<void> {
  await writeArchive(join(folder, 'dependencies.tar'), await manifests(root))
  await writeArchive(join(folder, 'server.tar'), await serverFiles(root))
  if (files.length > 0) await writeArchive(join(folder, 'files.tar'), await extraFiles(root, files))
}
