import type { AskResult } from '@claude-agent/client'
import { useContext, useEffect, useState } from 'preact/hooks'
import { describeSettlement } from '../asks/settlement.ts'
import { isQuestion, titleOf } from '../transcript/ask.ts'
import type { AskCard, Settlement } from '../transcript/card.ts'
import { ActionsContext } from './actions.ts'
import { loadAskForm, type LoadedForm } from './load-ask-form.ts'

/** Answers an ask with what the SDK's callback would return, or declines it for a reason. */
export type Settle = (answer: { result: AskResult } | { reason: string }) => void

/** Something that the agent asks of people: a form while it is open, then who settled it how. */
export function AskView({ card }: { card: AskCard }) {
  const { answer } = useContext(ActionsContext)
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<string>()
  const [AskForm, setAskForm] = useState<LoadedForm>()
  const isOpen = card.settled === undefined
  useEffect(() => {
    if (!isOpen) return
    loadAskForm().then(
      (loaded) => setAskForm(() => loaded),
      () => setProblem('The form could not be loaded. Reload the page to answer.'),
    )
  }, [isOpen])
  if (card.settled !== undefined) return <Settled card={card} settled={card.settled} />
  const settle: Settle = (given) => {
    setSending(true)
    setProblem(undefined)
    answer(card.ask, given).catch((error: Error) => {
      setProblem(error.message)
      setSending(false)
    })
  }
  return (
    <div class="ask" data-open="true">
      <fieldset class="bare" disabled={sending}>
        {AskForm !== undefined && <AskForm card={card} settle={settle} />}
      </fieldset>
      {problem !== undefined && (
        <p class="bad" role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}

function Settled({ card, settled }: { card: AskCard; settled: Settlement }) {
  const { client } = useContext(ActionsContext)
  const { text, tone, answers } = describeSettlement(card, settled, client)
  return (
    <div class="settled" data-tone={tone}>
      <p>
        {!isQuestion(card) && <span class="muted">{titleOf(card)} </span>}
        <span class="outcome">{text}</span>
      </p>
      {answers.length > 0 && (
        <dl>
          {answers.map(([question, said]) => (
            <div key={question}>
              <dt>{question}</dt>
              <dd>{said}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  )
}
