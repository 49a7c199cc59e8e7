import { listOf, textOf, textsOf, type Fields } from '../transcript/fields.ts'

const MODES: Record<string, string> = {
  acceptEdits: 'accept all edits of files',
  bypassPermissions: 'allow everything',
}

const PLACES: Record<string, string> = {
  session: 'in this session',
  localSettings: 'in this workspace',
  projectSettings: 'in this project',
  userSettings: 'for this user',
}

/** What “always” would mean, in words: the SDK's suggestions of permission updates. */
export function describeSuggestions(suggestions: readonly Fields[]): string {
  return suggestions
    .map((update) => {
      const place = PLACES[textOf(update['destination']) ?? '']
      return [describeUpdate(update), place].filter((part) => part !== undefined).join(' ')
    })
    .join('; ')
}

function describeUpdate(update: Fields): string {
  const mode = textOf(update['mode'])
  if (mode !== undefined) return MODES[mode] ?? `permission mode ${mode}`
  const directories = textsOf(update['directories'])
  if (directories.length > 0) return `work in ${directories.join(', ')}`
  const rules = listOf(update['rules']).map((rule) => {
    const content = textOf(rule['ruleContent'])
    return `${textOf(rule['toolName']) ?? 'the tool'}${content === undefined ? '' : `(${content})`}`
  })
  return `${textOf(update['behavior']) ?? 'change'} ${rules.join(', ')}`.trim()
}
