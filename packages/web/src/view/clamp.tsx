import { useState } from 'preact/hooks'

interface Props {
  text: string
  /** Lines shown at first. @default 12 */
  lines?: number
  /** What the block is, e.g. a language or `stderr`. */
  label?: string | undefined
  tone?: 'bad' | undefined
}

const MAX_LENGTH = 200_000
const MAX_LINE_LENGTH = 400

/** Preformatted text; a long one shows its beginning and the rest on demand. */
export function Clamp({ text, lines = 12, label, tone }: Props) {
  const [open, setOpen] = useState(false)
  const all = text.replace(/\n$/, '')
  const head = headOf(all, lines)
  const shown = open ? all.slice(0, MAX_LENGTH) : head
  const clamped = head.length < all.length
  return (
    <figure class="block" data-open={open} data-tone={tone}>
      {label !== undefined && label !== '' && <figcaption>{label}</figcaption>}
      <pre tabIndex={open ? 0 : undefined}>{shown}</pre>
      {open && all.length > MAX_LENGTH && (
        <p class="muted">The rest is in the JSON: {all.length - MAX_LENGTH} characters more.</p>
      )}
      {clamped && (
        <button type="button" class="more" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? 'Show less' : `Show all (${describeSize(all)})`}
        </button>
      )}
    </figure>
  )
}

function headOf(text: string, lines: number): string {
  let end = -1
  for (let line = 0; line < lines; line += 1) {
    const next = text.indexOf('\n', end + 1)
    if (next === -1) return text.slice(0, lines * MAX_LINE_LENGTH)
    end = next
  }
  return text.slice(0, Math.min(end, lines * MAX_LINE_LENGTH))
}

function describeSize(text: string): string {
  const lines = text.split('\n').length
  return lines > 1 ? `${lines.toLocaleString('en')} lines` : `${text.length.toLocaleString('en')} characters`
}
