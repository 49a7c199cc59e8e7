import type { AskResult } from '@claude-agent/client'
import { type FormField, readFormContent, readFormFields, readLink } from '../asks/schema-form.ts'
import { titleOf } from '../transcript/ask.ts'
import type { AskCard } from '../transcript/card.ts'
import { textOf } from '../transcript/fields.ts'
import type { Settle } from './ask-view.tsx'

/** What an MCP server asks the user: a form, or to open a link. */
export function ElicitationForm({ card, settle }: { card: AskCard; settle: Settle }) {
  const { data } = card
  const isLink = data['mode'] === 'url'
  const fields = isLink ? [] : readFormFields(data['requestedSchema'])
  const link = readLink(data['url'])
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const content = readFormContent(fields, new FormData(event.currentTarget as HTMLFormElement))
    settle({ result: { action: 'accept', ...(isLink ? {} : { content }) } as AskResult })
  }
  return (
    <form onSubmit={submit}>
      <p class="ask-title">{titleOf(card)}</p>
      <p class="prompt-text">{textOf(data['message'])}</p>
      {isLink && (
        <p>
          {link === undefined ? (
            <span class="bad">Its link is not one that can be opened: {String(data['url'])}</span>
          ) : (
            <a href={link.href} target="_blank" rel="noopener noreferrer">
              {link.href}
            </a>
          )}
        </p>
      )}
      {fields.map((field) => (
        <Field key={field.name} field={field} />
      ))}
      <div class="ask-actions">
        <button type="submit" class="primary">
          {isLink ? 'I have opened it' : 'Send'}
        </button>
        <button type="button" onClick={() => settle({ result: { action: 'decline' } })}>
          Decline
        </button>
      </div>
    </form>
  )
}

function Field({ field }: { field: FormField }) {
  const { name, kind, label, description, required, options, initial } = field
  const note = description !== undefined && <small class="muted">{description}</small>
  if (kind === 'boolean') {
    return (
      <label class="choice">
        <input type="checkbox" name={name} defaultChecked={initial === true} />
        <span>
          {label}
          {note}
        </span>
      </label>
    )
  }
  if (kind === 'choices') {
    return (
      <fieldset class="question">
        <legend>{label}</legend>
        {note}
        {options.map((option) => (
          <label key={option.value} class="choice">
            <input
              type="checkbox"
              name={name}
              value={option.value}
              defaultChecked={Array.isArray(initial) && initial.includes(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </fieldset>
    )
  }
  return (
    <label class="form-field">
      <span>
        {label}
        {required && <span class="muted"> (needed)</span>}
      </span>
      {kind === 'choice' ? (
        <select name={name} required={required}>
          {(!required || initial === undefined) && <option value="" />}
          {options.map((option) => (
            <option key={option.value} value={option.value} selected={option.value === initial}>
              {option.label}
            </option>
          ))}
        </select>
      ) : (
        <TextInput field={field} />
      )}
      {note}
    </label>
  )
}

function TextInput({ field: { name, kind, type, required, initial, min, max } }: { field: FormField }) {
  const value = typeof initial === 'string' || typeof initial === 'number' ? String(initial) : ''
  const limits =
    kind === 'text' ? { minLength: min, maxLength: max } : { min, max, step: kind === 'integer' ? 1 : 'any' }
  const props: object = { name, type, required, defaultValue: value, ...limits }
  return <input {...props} />
}
