import type { ToolCard, ToolStatus } from '../transcript/card.ts'
import { textOf, type Fields } from '../transcript/fields.ts'
import { readPartialInput } from '../transcript/partial-input.ts'
import { ToolBody } from './tool-body.tsx'

const STATUS: Record<ToolStatus, string> = {
  writing: 'writing…',
  asking: 'waits',
  running: 'running…',
  done: 'done',
  failed: 'failed',
  interrupted: 'interrupted',
}

/** What of a tool's input says best what it is about, in this order. */
const SUBJECTS = ['description', 'command', 'pattern', 'url', 'query', 'skill', 'prompt']

/** A call of a tool: what it is about in one line, its input and result below. */
export function ToolView({ card }: { card: ToolCard }) {
  // What is asked for is shown where it is answered.
  const isOpen = card.status !== 'asking' && card.name !== 'AskUserQuestion'
  const input = card.status === 'writing' ? readPartialInput(card.partialInput) : card.input
  return (
    <details class="tool" data-status={card.status} open={isOpen}>
      <summary>
        <ToolSubject name={card.name} input={input} />
        <span class="tool-status">{STATUS[card.status]}</span>
      </summary>
      <div class="tool-body">
        <ToolBody name={card.name} input={input} result={card.result} writing={card.status === 'writing'} />
      </div>
    </details>
  )
}

/** The name of a tool and what its call is about. */
export function ToolSubject({ name, input }: { name: string; input: Fields }) {
  const path = textOf(input['file_path']) ?? textOf(input['notebook_path']) ?? textOf(input['path'])
  const named = SUBJECTS.find((name) => textOf(input[name]) !== undefined) ?? ''
  return (
    <>
      <strong>{name}</strong>
      {path === undefined ? <Subject name={named} text={textOf(input[named]) ?? ''} /> : <Path path={path} />}
    </>
  )
}

function Subject({ name, text }: { name: string; text: string }) {
  const line = text.split('\n', 1)[0]
  if (name === 'description') return <span class="subject">{line}</span>
  return <code class={`subject subject-${name}`}>{line}</code>
}

/** A path whose last part stays readable where there is little room. */
function Path({ path }: { path: string }) {
  const cut = path.lastIndexOf('/') + 1
  return (
    <code class="subject path" title={path}>
      <span class="folder">{path.slice(0, cut)}</span>
      <span class="file">{path.slice(cut)}</span>
    </code>
  )
}
