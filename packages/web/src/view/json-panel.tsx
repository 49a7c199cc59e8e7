import { useState } from 'preact/hooks'
import { Clamp } from './clamp.tsx'

/** The messages behind a card, as JSON that can be copied. */
export function JsonPanel({ values, lines }: { values: readonly unknown[]; lines: string }) {
  const [copied, setCopied] = useState<'no' | 'yes' | 'failed'>('no')
  const text = values.map((value) => JSON.stringify(value, null, 2)).join('\n\n') + lines
  const copy = async () => {
    const done = await copyText(text)
    setCopied(done ? 'yes' : 'failed')
    setTimeout(() => setCopied('no'), 2000)
  }
  return (
    <div class="json">
      <Clamp text={text} lines={24} label={values.length > 1 ? `${values.length} messages` : undefined} />
      <button type="button" class="quiet copy" onClick={() => void copy()}>
        {{ no: 'Copy JSON', yes: 'Copied', failed: 'Could not copy' }[copied]}
      </button>
    </div>
  )
}

/** Copies through the clipboard API, which exists only on pages from https or localhost, or else as from a field. */
async function copyText(text: string): Promise<boolean> {
  try {
    if (navigator.clipboard !== undefined) {
      await navigator.clipboard.writeText(text)
      return true
    }
  } catch {
    // refused: the older way may still be allowed
  }
  const field = document.createElement('textarea')
  field.value = text
  field.className = 'sr-only'
  document.body.append(field)
  field.select()
  const done = document.execCommand('copy')
  field.remove()
  return done
}
