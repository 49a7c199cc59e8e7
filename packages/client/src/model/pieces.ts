/** One size for all pieces: one per frame would cost more than its bytes where frames are tiny. */
const PIECE_BYTES = 64 * 1024

/** The memory that all bodies of a client share. */
export class Room {
  #left: number

  constructor(bytes: number) {
    this.#left = bytes
  }

  /** False when so much is not left; then nothing is taken. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false
    this.#left -= bytes
    return true
  }

  give(bytes: number): void {
    this.#left += bytes
  }

  get left(): number {
    return this.#left
  }
}

/** Bytes in their order, copied into pieces: what they came in may be a small part of something large. */
export class Pieces {
  readonly #room: Room
  #pieces: Uint8Array<ArrayBuffer>[] = []
  /** Bytes of the last piece that are used. */
  #used = PIECE_BYTES
  #length = 0
  #taken = 0

  constructor(room: Room) {
    this.#room = room
  }

  get length(): number {
    return this.#length
  }

  /** False when there is no room for them. */
  add(bytes: Uint8Array): boolean {
    for (let place = 0; place < bytes.length;) {
      if (this.#used === PIECE_BYTES && !this.#grow()) return false
      const part = bytes.subarray(place, place + PIECE_BYTES - this.#used)
      this.#pieces.at(-1)!.set(part, this.#used)
      this.#used += part.length
      this.#length += part.length
      place += part.length
    }
    return true
  }

  /** The first piece; it counts no more. */
  shift(): Uint8Array<ArrayBuffer> | undefined {
    const piece = this.#pieces.shift()
    if (piece === undefined) return undefined
    const first = this.#pieces.length === 0 ? piece.subarray(0, this.#used) : piece
    if (this.#pieces.length === 0) this.#used = PIECE_BYTES
    this.#length -= first.length
    this.#taken -= PIECE_BYTES
    this.#room.give(PIECE_BYTES)
    return first
  }

  /** All of them in one; they go on to count until `clear()`. */
  join(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#length)
    let place = 0
    for (const piece of this.#pieces) {
      const part = piece.subarray(0, this.#length - place)
      whole.set(part, place)
      place += part.length
    }
    this.#drop()
    return whole
  }

  clear(): void {
    this.#drop()
    this.#room.give(this.#taken)
    this.#taken = 0
  }

  #drop(): void {
    this.#pieces = []
    this.#used = PIECE_BYTES
    this.#length = 0
  }

  #grow(): boolean {
    if (!this.#room.take(PIECE_BYTES)) return false
    this.#taken += PIECE_BYTES
    this.#pieces.push(new Uint8Array(PIECE_BYTES))
    this.#used = 0
    return true
  }
}
