import { createReadStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'

/** What goes into an archive: a folder, a link, or a file with bytes of its own or those of a file on disk. */
export interface ArchiveEntry {
  /** Without a leading slash; a folder has no slash at its end either. */
  path: string
  mode: number
  /** User and group. @default 0 */
  owner?: number
  content:
    | { kind: 'folder' }
    | { kind: 'link'; target: string }
    | { kind: 'bytes'; bytes: Buffer }
    | { kind: 'file'; from: string; size: number }
}

const BLOCK = 512

/**
 * Writes a tar archive whose bytes depend on the entries only: ordered by path, no times, no names of users. The same
 * sources give the same archive on every machine, so that E2B finds the layer that it made from it.
 */
export async function writeArchive(path: string, entries: readonly ArchiveEntry[]): Promise<void> {
  const file = await open(path, 'w', 0o644)
  try {
    for (const entry of [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))) await append(file, entry)
    await file.write(Buffer.alloc(2 * BLOCK))
    // The mode counts for E2B's hash, and the umask of whoever builds must not.
    await file.chmod(0o644)
  } finally {
    await file.close()
  }
}

async function append(file: FileHandle, entry: ArchiveEntry): Promise<void> {
  const { content } = entry
  const target = content.kind === 'link' ? content.target : ''
  if (Buffer.byteLength(entry.path) > 99 || Buffer.byteLength(target) > 99) {
    // A record of its own (pax) says what does not fit into the fields.
    const records = [`path=${entry.path}`, ...(target === '' ? [] : [`linkpath=${target}`])]
      .map(sized)
      .join('')
    const bytes = Buffer.from(records)
    await file.write(header({ path: 'pax', mode: 0o644, size: bytes.length, type: 'x' }))
    await file.write(padded(bytes))
  }
  const size = content.kind === 'bytes' ? content.bytes.length : content.kind === 'file' ? content.size : 0
  const type = content.kind === 'folder' ? '5' : content.kind === 'link' ? '2' : '0'
  await file.write(
    header({ path: entry.path, mode: entry.mode, owner: entry.owner ?? 0, size, type, link: target }),
  )
  if (content.kind === 'bytes') await file.write(padded(content.bytes))
  if (content.kind === 'file') {
    if (size > 0)
      for await (const chunk of createReadStream(content.from, { end: size - 1 }))
        await file.write(chunk as Buffer)
    await file.write(Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK))
  }
}

/** `<length> <text>\n`, where the length counts itself. */
function sized(text: string): string {
  const rest = Buffer.byteLength(text) + 2
  let length = rest + String(rest).length
  if (String(length).length > String(rest).length) length = rest + String(length).length
  return `${length} ${text}\n`
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)])
}

interface Header {
  path: string
  mode: number
  owner?: number
  size: number
  type: string
  link?: string
}

/** The 512 bytes before an entry (ustar). */
function header({ path, mode, owner = 0, size, type, link = '' }: Header): Buffer {
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`
  block.write(Buffer.from(path).subarray(0, 99).toString('latin1'), 0, 'latin1')
  block.write(octal(mode, 8), 100)
  block.write(octal(owner, 8), 108)
  block.write(octal(owner, 8), 116)
  block.write(octal(size, 12), 124)
  block.write(octal(0, 12), 136)
  block.write('        ', 148)
  block.write(type, 156)
  block.write(Buffer.from(link).subarray(0, 99).toString('latin1'), 157, 'latin1')
  block.write('ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}
