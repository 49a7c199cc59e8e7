import { Component, type ComponentChildren } from 'preact'
import { useContext } from 'preact/hooks'
import { isQuestion } from '../transcript/ask.ts'
import type { Card, PromptStatus } from '../transcript/card.ts'
import { fieldsOf } from '../transcript/fields.ts'
import { ActionsContext } from './actions.ts'
import { CardBody } from './card-body.tsx'
import { Guard } from './guard.tsx'
import { JsonPanel } from './json-panel.tsx'

interface Props {
  card: Card
}

const PROMPT_STATUS: Record<PromptStatus, string> = {
  sending: 'sending…',
  queued: 'queued',
  running: '',
  done: '',
  interrupted: 'interrupted',
  cancelled: 'taken back',
  failed: 'failed',
  unsent: 'not sent',
}

/** One card with its label and its JSON. Renders again only when the card changed. */
export class CardRow extends Component<Props, { open: boolean }> {
  override state = { open: false }

  override shouldComponentUpdate(next: Readonly<Props>, state: Readonly<{ open: boolean }>): boolean {
    return next.card !== this.props.card || state.open !== this.state.open
  }

  render(): ComponentChildren {
    const { card } = this.props
    const { open } = this.state
    const lines = card.kind === 'raw' ? card.lines : ''
    const label = labelOf(card)
    return (
      <article class={`row row-${card.kind}`} data-nested={card.parent !== undefined} aria-label={label}>
        <div class="who">
          {card.kind === 'tool' ? 'Tool' : label}
          {card.kind === 'prompt' && PROMPT_STATUS[card.status] !== '' && (
            <span class="badge">{PROMPT_STATUS[card.status]}</span>
          )}
          {card.kind === 'prompt' && card.status === 'queued' && <TakeBack uuid={card.uuid ?? ''} />}
          {card.raw.some(isRecovered) && (
            <span class="badge" title="Read from the agent's transcript after a crash">
              recovered
            </span>
          )}
        </div>
        <div class="what">
          <Guard fallback={(error) => <p class="bad">This message could not be shown: {String(error)}</p>}>
            <CardBody card={card} />
          </Guard>
          {open && <JsonPanel values={card.raw} lines={lines} />}
        </div>
        {(card.raw.length > 0 || lines !== '') && (
          <button
            type="button"
            class="quiet json-toggle"
            aria-expanded={open}
            aria-label={`JSON: ${label}`}
            onClick={() => this.setState({ open: !open })}
          >
            JSON
          </button>
        )}
      </article>
    )
  }
}

/** Takes back a prompt that waits. */
function TakeBack({ uuid }: { uuid: string }) {
  const { cancel } = useContext(ActionsContext)
  return (
    <button type="button" class="quiet take-back" onClick={() => cancel(uuid)}>
      Take back
    </button>
  )
}

function isRecovered(event: unknown): boolean {
  return fieldsOf(event)['recovered'] === true
}

function labelOf(card: Card): string {
  switch (card.kind) {
    case 'prompt':
      return card.uuid !== undefined ? 'Prompt' : card.parent === undefined ? 'Input' : 'Task'
    case 'text':
      return card.parent === undefined ? 'Agent' : 'Sub-agent'
    case 'thinking':
      return 'Thinking'
    case 'tool':
      return card.name
    case 'ask':
      return isQuestion(card) ? 'Question' : card.askKind === 'can_use_tool' ? 'Permission' : 'Request'
    case 'session':
      return 'Session'
    case 'result':
      return 'Turn'
    case 'error':
      return 'Error'
    case 'info':
      return 'stderr'
    case 'notice':
      return 'Note'
    case 'raw':
      return 'Message'
  }
}
