import { Component, type ComponentChildren } from 'preact'
import type { Card, PromptStatus } from '../transcript/card.ts'
import { CardBody } from './card-body.tsx'
import { Guard } from './guard.tsx'
import { JsonPanel } from './json-panel.tsx'

interface Props {
  card: Card
}

const PROMPT_STATUS: Record<PromptStatus, string> = {
  queued: 'queued',
  running: '',
  done: '',
  interrupted: 'interrupted',
  failed: 'failed',
  unsettled: 'sent before the connection was lost',
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

function labelOf(card: Card): string {
  switch (card.kind) {
    case 'prompt':
      return card.uuid !== undefined ? 'You' : card.parent === undefined ? 'Input' : 'Task'
    case 'text':
      return card.parent === undefined ? 'Agent' : 'Sub-agent'
    case 'thinking':
      return 'Thinking'
    case 'tool':
      return card.name
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
