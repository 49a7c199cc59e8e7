const NOTHING = Buffer.alloc(0)

/** Cuts what a server sends on a WebSocket into frames, as RFC 6455 has them: whole and unmasked. */
export class Frames {
  #rest = NOTHING

  /** Calls back with the opcode and the payload of each frame that is whole by now. */
  take(chunk, onFrame) {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let start = 0
    while (bytes.length - start >= 2) {
      const short = bytes[start + 1] & 0x7f
      const header = short < 126 ? 2 : short === 126 ? 4 : 10
      if (bytes.length - start < header) break
      const length =
        short < 126 ? short : short === 126 ? bytes.readUInt16BE(start + 2) : bytes.readUIntBE(start + 4, 6)
      const end = start + header + length
      if (end > bytes.length) break
      onFrame(bytes[start] & 0x0f, bytes.subarray(start + header, end))
      start = end
    }
    this.#rest = bytes.subarray(start)
  }
}
