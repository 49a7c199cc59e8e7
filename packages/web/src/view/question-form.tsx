import { useState } from 'preact/hooks'
import { OTHER, type Question, readAnswers, readQuestions } from '../asks/questions.ts'
import { fieldsOf, type Fields } from '../transcript/fields.ts'
import type { Settle } from './ask-view.tsx'
import { Clamp } from './clamp.tsx'

const NO_ANSWER = 'The user does not want to answer this.'

/** The questions of the agent, each with its choices and a free text. */
export function QuestionForm({ data, settle }: { data: Fields; settle: Settle }) {
  const [missing, setMissing] = useState(false)
  const input = fieldsOf(data['input'])
  const questions = readQuestions(input)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const answers = readAnswers(questions, new FormData(event.currentTarget as HTMLFormElement))
    setMissing(answers === undefined)
    if (answers !== undefined) settle({ result: { behavior: 'allow', updatedInput: { ...input, answers } } })
  }
  return (
    <form onSubmit={submit} onInput={() => setMissing(false)}>
      {questions.map((question, index) => (
        <QuestionField key={index} question={question} index={index} />
      ))}
      <div class="ask-actions">
        <button type="submit" class="primary">
          Answer
        </button>
        <button type="button" onClick={() => settle({ reason: NO_ANSWER })}>
          Don’t answer
        </button>
        {missing && (
          <span class="bad" role="alert">
            {questions.length > 1 ? 'Each question needs an answer.' : 'Choose or write an answer.'}
          </span>
        )}
      </div>
    </form>
  )
}

function QuestionField({ question, index }: { question: Question; index: number }) {
  const type = question.several ? 'checkbox' : 'radio'
  const name = `question-${index}`
  const chooseOther = (event: Event) => {
    const field = event.currentTarget as HTMLInputElement
    const choice = field.closest('label')?.querySelector('input')
    if (choice && field.value !== '') choice.checked = true
  }
  return (
    <fieldset class="question">
      <legend>
        {question.header !== undefined && <span class="chip">{question.header}</span>}
        {question.text}
        {question.several && <small class="muted"> Several are possible.</small>}
      </legend>
      {question.choices.map(({ label, description, preview }) => (
        <label key={label} class="choice">
          <input type={type} name={name} value={label} />
          <span>
            <strong>{label}</strong>
            {description !== undefined && <small>{description}</small>}
            {preview !== undefined && <Clamp text={preview} lines={8} />}
          </span>
        </label>
      ))}
      <label class="choice">
        <input type={type} name={name} value={OTHER} aria-label="Other" />
        <input
          type="text"
          name={`other-${index}`}
          aria-label={`Other answer to: ${question.text}`}
          placeholder="Other"
          onInput={chooseOther}
        />
      </label>
    </fieldset>
  )
}
