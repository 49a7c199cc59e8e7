import type { SessionInfo } from '@claude-agent/client'
import { isPriced } from '../transcript/result.ts'
import { formatAmount, formatCost } from './format.ts'

interface Props {
  status: { label: string; tone: string }
  info: SessionInfo | undefined
  /** Of the session, once it is known. */
  model: string | undefined
  listOpen: boolean
  onList: (open: boolean) => void
  /** Undefined when nothing is open that somebody must answer. */
  onAnswer: (() => void) | undefined
  showAll: boolean
  onShowAll: (showAll: boolean) => void
}

const PRICE = 'Counted by the SDK at the list prices of the models; what is paid may differ.'

/** Name, what the session used, what it does, and what is shown. */
export function Header({ status, info, model, listOpen, onList, onAnswer, showAll, onShowAll }: Props) {
  return (
    <header class="header">
      <div class="column header-row">
        <button
          type="button"
          class="quiet list-toggle"
          aria-expanded={listOpen}
          aria-controls="sessions"
          onClick={() => onList(!listOpen)}
        >
          Sessions
        </button>
        <h1>
          <img src="/favicon.svg" alt="" width="22" height="22" />
          <span class="wide">claude-agent-server</span>
        </h1>
        {info !== undefined && <Usage info={info} model={model} />}
        <p class="state" role="status" data-status={status.tone}>
          {onAnswer === undefined ? (
            status.label
          ) : (
            <button type="button" class="quiet" onClick={onAnswer}>
              {status.label}
            </button>
          )}
        </p>
        <button
          type="button"
          class="quiet"
          aria-pressed={showAll}
          aria-label="All messages"
          title="Also show progress and housekeeping events"
          onClick={() => onShowAll(!showAll)}
        >
          All<span class="wide"> messages</span>
        </button>
      </div>
    </header>
  )
}

function Usage({ info: { usage }, model }: { info: SessionInfo; model: string | undefined }) {
  if (usage.turns === 0) return null
  const { inputTokens, outputTokens, cacheReadInputTokens, cacheCreationInputTokens } = usage
  const tokens = inputTokens + outputTokens + cacheReadInputTokens + cacheCreationInputTokens
  return (
    <p class="usage" aria-label="Usage">
      <span>{formatAmount(usage.turns, 'turn')}</span>
      <span>{formatAmount(tokens, 'token')}</span>
      {model !== undefined && isPriced(model) && <span title={PRICE}>{formatCost(usage.costUsd)}</span>}
    </p>
  )
}
