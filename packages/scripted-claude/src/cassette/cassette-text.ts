import type { CassetteExchange } from './cassette.ts'
import { cassetteVersion } from './cassette.ts'

/** A cassette as text, of exchanges that are text already. */
export function cassetteText(exchanges: readonly string[]): string {
  return `{\n  "scriptedClaudeCassette": ${cassetteVersion},\n  "exchanges": [${exchanges.map((one) => `\n${one}`).join(',')}\n  ]\n}\n`
}

/** An exchange as text: a line for each field of the request and for each event, so that differences read well. */
export function exchangeText({ request, answer }: CassetteExchange): string {
  const { events, ...rest } = answer
  const lines = fieldLines(rest, 8)
  if (events !== undefined) {
    const items = events.map((event) => `\n          ${JSON.stringify(event)}`).join(',')
    lines.push(`        "events": [${items}${events.length === 0 ? '' : '\n        '}]`)
  }
  return [
    '    {',
    `      "request": {\n${fieldLines(request, 8).join(',\n')}\n      },`,
    `      "answer": {\n${lines.join(',\n')}\n      }`,
    '    }',
  ].join('\n')
}

/** The fields of an object, each on a line; a list of several items has a line for each of them. */
function fieldLines(value: object, indent: number): string[] {
  const pad = ' '.repeat(indent)
  return Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .map(([name, field]: [string, unknown]) => {
      if (!Array.isArray(field) || field.length < 2 || name === 'tools')
        return `${pad}${JSON.stringify(name)}: ${JSON.stringify(field)}`
      const items = field.map((item: unknown) => `\n${pad}  ${JSON.stringify(item)}`).join(',')
      return `${pad}${JSON.stringify(name)}: [${items}\n${pad}]`
    })
}
