import { useState } from 'preact/hooks'
import type { DiffLine } from './diff.ts'

const SHOWN = 16
const MAX_SHOWN = 2000
const NAMES = { '+': 'added', '-': 'removed', ' ': undefined }

/** Lines that were added and removed. */
export function DiffView({ lines }: { lines: DiffLine[] }) {
  const [open, setOpen] = useState(false)
  const shown = lines.slice(0, open ? MAX_SHOWN : SHOWN)
  return (
    <figure class="block" data-open={open}>
      <pre class="diff" tabIndex={open ? 0 : undefined}>
        {shown.map(({ sign, text }, index) => (
          <span key={index} class={NAMES[sign]}>
            {`${sign} ${text}\n`}
          </span>
        ))}
      </pre>
      {lines.length > SHOWN && (
        <button type="button" class="more" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? 'Show less' : `Show all (${lines.length.toLocaleString('en')} lines)`}
        </button>
      )}
    </figure>
  )
}
