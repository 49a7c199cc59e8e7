import { listOf, textOf, type Fields } from '../transcript/fields.ts'
import { textIn } from './schema-form.ts'

interface Choice {
  label: string
  description: string | undefined
  preview: string | undefined
}

/** One question of the tool AskUserQuestion. */
export interface Question {
  header: string | undefined
  text: string
  several: boolean
  choices: Choice[]
}

/** Value of the choice that stands for a free text. */
export const OTHER = '\u0000other'

/** The questions in the input of the tool. */
export function readQuestions(input: Fields): Question[] {
  return listOf(input['questions']).map((question) => ({
    header: textOf(question['header']),
    text: textOf(question['question']) ?? '',
    several: question['multiSelect'] === true,
    choices: listOf(question['options']).map((option) => ({
      label: textOf(option['label']) ?? '',
      description: textOf(option['description']),
      preview: textOf(option['preview']),
    })),
  }))
}

/** What was chosen in a form whose fields are `question-<n>` and `other-<n>`; undefined when an answer is missing. */
export function readAnswers(
  questions: readonly Question[],
  form: FormData,
): Record<string, string> | undefined {
  const answers: Record<string, string> = {}
  for (const [index, { text }] of questions.entries()) {
    const other = textIn(form, `other-${index}`).trim()
    const chosen = form
      .getAll(`question-${index}`)
      .map((value) => (value === OTHER ? other : value))
      .filter((value): value is string => typeof value === 'string' && value !== '')
    if (chosen.length === 0) return undefined
    answers[text] = chosen.join(', ')
  }
  return answers
}
