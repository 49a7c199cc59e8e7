import { isQuestion } from '../transcript/ask.ts'
import type { AskCard, Settlement } from '../transcript/card.ts'
import { fieldsOf, listOf, textOf, type Fields } from '../transcript/fields.ts'

/** How an ask came to its end. */
export interface SettlementText {
  text: string
  tone: 'good' | 'bad' | 'quiet'
  /** What was answered: pairs of what was asked and what was said. */
  answers: [string, string][]
}

/** Says how an ask was settled and by whom; `client` is the name of this tab. */
export function describeSettlement(card: AskCard, settled: Settlement, client: string): SettlementText {
  const quiet = (text: string): SettlementText => ({ text, tone: 'quiet', answers: [] })
  switch (settled.outcome) {
    case 'answered':
      return describeAnswer(card, settled, settled.by === client ? 'you' : (settled.by ?? 'somebody'))
    case 'timed_out':
      return quiet('Nobody answered in time, so it was declined.')
    case 'cancelled':
      return quiet('Taken back: the turn was stopped before anybody answered.')
    case 'lost':
      return {
        text: 'Lost: the agent’s process died before anybody answered. The model is told at its next turn.',
        tone: 'bad',
        answers: [],
      }
    default:
      return quiet(settled.outcome)
  }
}

function describeAnswer(card: AskCard, { result }: Settlement, by: string): SettlementText {
  if (isQuestion(card) && result['behavior'] === 'allow') {
    return { text: `Answered by ${by}`, tone: 'good', answers: answersOf(result) }
  }
  const reason = textOf(result['message'])
  switch (result['behavior'] ?? result['action']) {
    case 'allow': {
      const always = listOf(result['updatedPermissions']).length > 0
      return { text: `${always ? 'Always allowed' : 'Allowed'} by ${by}`, tone: 'good', answers: [] }
    }
    case 'deny':
      return {
        text: `${isQuestion(card) ? 'Not answered' : 'Denied'} by ${by}${reason === undefined ? '' : `: ${reason}`}`,
        tone: 'bad',
        answers: [],
      }
    case 'accept': {
      const content = Object.entries(fieldsOf(result['content']))
      const answers = content.map(([name, value]): [string, string] => {
        return [name, typeof value === 'string' ? value : JSON.stringify(value)]
      })
      return { text: `Accepted by ${by}`, tone: 'good', answers }
    }
    case 'decline':
      return { text: `Declined by ${by}`, tone: 'bad', answers: [] }
    default:
      return { text: `Dismissed by ${by}`, tone: 'quiet', answers: [] }
  }
}

/** The answers in what an ask was settled with. */
function answersOf(result: Fields): [string, string][] {
  const answers = fieldsOf(fieldsOf(result['updatedInput'])['answers'])
  return Object.entries(answers).map(([question, answer]) => [question, String(answer)])
}
