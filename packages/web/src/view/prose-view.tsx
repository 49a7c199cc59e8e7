import { Clamp } from './clamp.tsx'
import { parseBlocks, parseSpans, type Span } from './prose.ts'

/** An answer as text, with its code set apart. Nothing in it becomes markup. */
export function Prose({ text }: { text: string }) {
  return (
    <div class="prose">
      {parseBlocks(text).map((block, index) =>
        block.kind === 'code' ? (
          <Clamp key={index} text={block.text} lines={24} label={block.language} />
        ) : (
          <p key={index}>{parseSpans(block.text).map(renderSpan)}</p>
        ),
      )}
    </div>
  )
}

function renderSpan(span: Span, index: number) {
  if (span.kind === 'code') return <code key={index}>{span.text}</code>
  if (span.kind === 'strong') return <strong key={index}>{span.text}</strong>
  return span.text
}
