import { mapSecretPlaces } from './secret-places.ts'

type Settings = Readonly<Record<string, unknown>>

/**
 * Parts settings by whether they may stand in a command line, where every process of the machine reads them: those
 * with secrets in them, environments and headers, must reach the CLI another way.
 */
export function splitSettings(settings: Settings): { open: Settings; secret: Settings } {
  const open: Record<string, unknown> = {}
  const secret: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(settings))
    (holdsSecret(name, value) ? secret : open)[name] = value
  return { open, secret }
}

function holdsSecret(name: string, value: unknown): boolean {
  let holds = false
  mapSecretPlaces({ settings: { [name]: value } }, (scalar, { whole }) => {
    holds ||= whole
    return scalar
  })
  return holds
}
