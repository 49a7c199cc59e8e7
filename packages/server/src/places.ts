import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

/** This file is in `src`, in `dist`, or part of a program in `dist/program`. */
const isSource = import.meta.url.endsWith('.ts')
const isProgram = /\/dist\/program\/[^/]+$/.test(import.meta.url)
const folder = new URL(isSource || isProgram ? '..' : '.', import.meta.url)

/** The page, where it was built. */
export const PAGE = isSource ? new URL('dist/web/', folder) : new URL('web/', folder)

/** The file of a program that this package starts with other rights, by its source: `file-server/serve-files`. */
export function programFile(source: string): string {
  const path = isSource ? `src/${source}.ts` : `program/${basename(source)}.js`
  return fileURLToPath(new URL(path, folder))
}
