import type { Card, ResultCard, TextCard } from '../transcript/card.ts'
import { AskView } from './ask-view.tsx'
import { Clamp } from './clamp.tsx'
import { formatAmount, formatCost, formatDuration } from './format.ts'
import { Prose } from './prose-view.tsx'
import { ToolView } from './tool-view.tsx'

/** What a card says. */
export function CardBody({ card }: { card: Card }) {
  switch (card.kind) {
    case 'prompt':
      return <p class="prompt-text">{card.text}</p>
    case 'text':
      return <TextBody card={card} />
    case 'thinking':
      return (
        <details class="thought">
          <summary>
            <span class="preview">{card.text === '' ? '…' : firstLine(card.text)}</span>
          </summary>
          <p class="prompt-text">{card.text}</p>
        </details>
      )
    case 'tool':
      return <ToolView card={card} />
    case 'ask':
      return <AskView card={card} />
    case 'session':
      return (
        <p class="facts">
          <span>{card.model}</span>
          <span>{card.cwd}</span>
          <span>{formatAmount(card.tools, 'tool')}</span>
          <span>{card.permissionMode}</span>
        </p>
      )
    case 'result':
      return <ResultBody card={card} />
    case 'error':
      return (
        <div>
          <p>
            <strong>{card.message}</strong> {card.code !== undefined && <code>{card.code}</code>}
          </p>
          {card.hint !== undefined && <p>{card.hint}</p>}
        </div>
      )
    case 'info':
      return <Clamp text={card.text} lines={6} />
    case 'notice':
      return <p>{card.text}</p>
    case 'raw':
      return (
        <p class="facts">
          <code>{card.label}</code>
          {card.count > 1 && <span>× {card.count}</span>}
        </p>
      )
  }
}

function TextBody({ card }: { card: TextCard }) {
  return (
    <div class={card.failed ? 'bad' : undefined} data-live={card.live}>
      <Prose text={card.text} />
      {card.cut && <p class="muted">(cut off here)</p>}
    </div>
  )
}

function ResultBody({ card }: { card: ResultCard }) {
  return (
    <div data-outcome={card.outcome}>
      <p class="facts">
        <span class="outcome">{card.title}</span>
        {card.turns !== undefined && <span>{formatAmount(card.turns, 'step')}</span>}
        {card.durationMs !== undefined && <span>{formatDuration(card.durationMs)}</span>}
        {card.tokens !== undefined && <span>{formatAmount(card.tokens, 'token')}</span>}
        {card.costUsd !== undefined && <span>{formatCost(card.costUsd)}</span>}
      </p>
      {card.details.map((text, index) => (
        <Clamp key={index} text={text} tone={card.outcome === 'failed' ? 'bad' : undefined} />
      ))}
    </div>
  )
}

function firstLine(text: string): string {
  return text.trimStart().split('\n', 1)[0]!.slice(0, 200)
}
