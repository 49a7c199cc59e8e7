import type { Entry } from '../log/entry.ts'

/** The first byte of a whole text frame: FIN, and opcode 1. */
const TEXT = 0x81

/** What comes before the payload of an unmasked text frame, as RFC 6455 has it. */
function textFrameHeader(length: number): Buffer {
  if (length < 126) return Buffer.from([TEXT, length])
  if (length < 65536) return Buffer.from([TEXT, 126, length >> 8, length & 0xff])
  const header = Buffer.alloc(10)
  header[0] = TEXT
  header[1] = 127
  header.writeUIntBE(length, 4, 6)
  return header
}

/** An event, or other JSON, as the parts of a frame of a WebSocket. */
export function toTextFrame({ json }: Pick<Entry, 'json'>): readonly Buffer[] {
  return [textFrameHeader(json.length), json]
}
