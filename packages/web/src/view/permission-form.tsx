import type { AskResult } from '@claude-agent/client'
import { useRef } from 'preact/hooks'
import { describeSuggestions } from '../asks/suggestions.ts'
import { titleOf } from '../transcript/ask.ts'
import type { AskCard } from '../transcript/card.ts'
import { fieldsOf, listOf, textOf } from '../transcript/fields.ts'
import type { Settle } from './ask-view.tsx'
import { ToolBody } from './tool-body.tsx'
import { ToolSubject } from './tool-view.tsx'

const NO_REASON = 'The user does not allow it.'

/** Asks whether a tool may be used. */
export function PermissionForm({ card, settle }: { card: AskCard; settle: Settle }) {
  const reason = useRef<HTMLInputElement>(null)
  const { data } = card
  const name = textOf(data['toolName']) ?? 'tool'
  const input = fieldsOf(data['input'])
  const suggestions = listOf(data['suggestions'])
  const mayAlways = suggestions.length > 0 && data['suppressAlwaysAllowRule'] !== true
  const denyFirst = data['defaultToNo'] === true

  const allow = () => settle({ result: { behavior: 'allow' } })
  const allowAlways = () => {
    settle({ result: { behavior: 'allow', updatedPermissions: suggestions } as unknown as AskResult })
  }
  const deny = () => settle({ reason: reason.current?.value.trim() || NO_REASON })
  const submit = (event: Event) => {
    event.preventDefault()
    if (denyFirst) deny()
    else allow()
  }
  const onReasonKey = (event: KeyboardEvent) => {
    // Who gives a reason does not mean to allow it.
    if (event.key !== 'Enter' || event.isComposing) return
    event.preventDefault()
    deny()
  }

  return (
    <form onSubmit={submit}>
      <p class="ask-title">{titleOf(card)}</p>
      <div class="tool">
        <div class="tool-head">
          <ToolSubject name={name} input={input} />
        </div>
        <div class="tool-body">
          <ToolBody name={name} input={input} result={undefined} writing={false} />
        </div>
      </div>
      <Circumstances card={card} />
      <div class="ask-actions">
        <button
          type={denyFirst ? 'button' : 'submit'}
          class={denyFirst ? '' : 'primary'}
          onClick={denyFirst ? allow : undefined}
        >
          Allow
        </button>
        {mayAlways && (
          <button type="button" onClick={allowAlways} title={`Always: ${describeSuggestions(suggestions)}`}>
            Always allow
          </button>
        )}
        <span class="deny">
          <input
            ref={reason}
            class="reason"
            aria-label="Reason for a denial, which the model reads"
            placeholder="Reason, if you deny it"
            onKeyDown={onReasonKey}
          />
          <button
            type={denyFirst ? 'submit' : 'button'}
            class={denyFirst ? 'primary' : ''}
            onClick={denyFirst ? undefined : deny}
          >
            Deny
          </button>
        </span>
      </div>
      {mayAlways && <p class="ask-note">Always: {describeSuggestions(suggestions)}</p>}
    </form>
  )
}

/** Why it is asked, as far as the SDK says. */
function Circumstances({ card: { data } }: { card: AskCard }) {
  const blocked = textOf(data['blockedPath'])
  const facts = [
    textOf(data['decisionReason']),
    blocked === undefined ? undefined : `Outside of what the agent may touch: ${blocked}`,
    textOf(data['agentID']) === undefined ? undefined : 'Asked by a sub-agent',
  ].filter((fact) => fact !== undefined)
  return facts.length === 0 ? null : <p class="ask-note">{facts.join(' · ')}</p>
}
