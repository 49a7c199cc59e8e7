import { fieldsOf, isFields, listOf, numberOf, textOf, textsOf, type Fields } from '../transcript/fields.ts'

interface Option {
  value: string
  label: string
}

/** A field of a form, read from a property of a JSON schema. */
export interface FormField {
  name: string
  label: string
  description: string | undefined
  required: boolean
  kind: 'text' | 'number' | 'integer' | 'boolean' | 'choice' | 'choices'
  options: Option[]
  /** The `type` of the input of a text. */
  type: 'text' | 'number' | 'email' | 'url' | 'date' | 'datetime-local'
  initial: unknown
  min: number | undefined
  max: number | undefined
}

const INPUT_TYPES: Record<string, FormField['type']> = {
  email: 'email',
  uri: 'url',
  date: 'date',
  'date-time': 'datetime-local',
}

/** The fields that a form for an object of this schema has: those of simple types, as elicitations have them. */
export function readFormFields(schema: unknown): FormField[] {
  const required = textsOf(fieldsOf(schema)['required'])
  return Object.entries(fieldsOf(fieldsOf(schema)['properties']))
    .filter((entry): entry is [string, Fields] => isFields(entry[1]))
    .map(([name, property]) => {
      const { kind, options } = readKind(property)
      const isText = kind === 'text'
      return {
        name,
        kind,
        options,
        label: textOf(property['title']) ?? name,
        description: textOf(property['description']),
        required: required.includes(name),
        type: isText ? (INPUT_TYPES[textOf(property['format']) ?? ''] ?? 'text') : 'number',
        initial: property['default'],
        min: numberOf(property[isText ? 'minLength' : 'minimum']),
        max: numberOf(property[isText ? 'maxLength' : 'maximum']),
      }
    })
}

/** What was filled in, as the object that the schema describes; what was left empty is left out. */
export function readFormContent(fields: readonly FormField[], form: FormData): Fields {
  const content: Fields = {}
  for (const { name, kind } of fields) {
    const value = textIn(form, name)
    if (kind === 'boolean') content[name] = form.has(name)
    else if (kind === 'choices')
      content[name] = form.getAll(name).filter((value) => typeof value === 'string')
    else if (value !== '') content[name] = kind === 'number' || kind === 'integer' ? Number(value) : value
  }
  return content
}

/** The text in a field of a form. */
export function textIn(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}

/** An address that may be opened from the page; undefined for any other than http and https. */
export function readLink(text: unknown): URL | undefined {
  if (typeof text !== 'string' || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.protocol === 'https:' || url.protocol === 'http:' ? url : undefined
}

function readKind(property: Fields): Pick<FormField, 'kind' | 'options'> {
  if (property['type'] === 'array')
    return { kind: 'choices', options: readOptions(fieldsOf(property['items'])) }
  const options = readOptions(property)
  if (options.length > 0) return { kind: 'choice', options }
  const type = property['type']
  return { kind: type === 'number' || type === 'integer' || type === 'boolean' ? type : 'text', options }
}

function readOptions(property: Fields): Option[] {
  const labelled = [...listOf(property['oneOf']), ...listOf(property['anyOf'])].flatMap((option) => {
    const value = textOf(option['const'])
    return value === undefined ? [] : { value, label: textOf(option['title']) ?? value }
  })
  const names = textsOf(property['enumNames'])
  const plain = textsOf(property['enum']).map((value, index) => ({ value, label: names[index] ?? value }))
  return [...labelled, ...plain]
}
