import type { ScriptedRequest } from '../request/scripted-request.ts'
import type { Step } from '../script/step.ts'
import { call, fence, notice, refuseWithout, saidBy } from './workspace.ts'

const question = {
  question: 'Which colour shall the bike shed have?',
  header: 'Bike shed',
  multiSelect: false,
  options: [
    { label: 'Blue', description: 'Like the sky on a good day' },
    { label: 'Green', description: 'Nobody will see it among the trees' },
    { label: 'Red', description: 'Everybody will see it' },
  ],
}

/** Asks the user a question with options, and says what was answered. */
export function askQuestion(request: ScriptedRequest): Step[] {
  const halt = refuseWithout(request, ['AskUserQuestion'])
  if (halt !== undefined) return halt
  const result = request.toolResults.at(-1)
  if (result === undefined) {
    return [{ text: `${notice} I ask you something.` }, call('AskUserQuestion', { questions: [question] })]
  }
  const heading = result.isError ? 'I got no answer' : 'Thank you. I was told'
  return [{ text: `${heading}:\n\n${fence(saidBy(result))}` }]
}
