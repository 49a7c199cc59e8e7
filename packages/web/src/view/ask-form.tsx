import { isQuestion, titleOf } from '../transcript/ask.ts'
import type { AskCard } from '../transcript/card.ts'
import type { Settle } from './ask-view.tsx'
import { Clamp } from './clamp.tsx'
import { ElicitationForm } from './elicitation-form.tsx'
import { PermissionForm } from './permission-form.tsx'
import { QuestionForm } from './question-form.tsx'

/** What an open ask is answered by. */
export function AskForm({ card, settle }: { card: AskCard; settle: Settle }) {
  if (isQuestion(card)) return <QuestionForm data={card.data} settle={settle} />
  if (card.askKind === 'can_use_tool') return <PermissionForm card={card} settle={settle} />
  if (card.askKind === 'elicitation') return <ElicitationForm card={card} settle={settle} />
  return (
    <>
      <p class="ask-title">{titleOf(card)}</p>
      <Clamp text={JSON.stringify(card.data, null, 2)} />
      <div class="ask-actions">
        <button type="button" onClick={() => settle({ result: { behavior: 'cancelled' } })}>
          Dismiss
        </button>
      </div>
    </>
  )
}
