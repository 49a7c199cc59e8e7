import type { AskForm } from './ask-form.tsx'

export type LoadedForm = typeof AskForm

/** The forms by which asks are answered. They come after the page itself, which does not need them to be shown. */
export async function loadAskForm(): Promise<LoadedForm> {
  return (await import('./ask-form.tsx')).AskForm
}
