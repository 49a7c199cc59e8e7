import { useEffect, useRef, useState } from 'preact/hooks'

interface Props {
  connected: boolean
  busy: boolean
  /** Prompts sent so far. */
  sent: number
  /** False when the text could not be sent; it stays in the field then. */
  onSend: (text: string) => boolean
  onInterrupt: () => void
}

/** The field that prompts are written in. Sending works while a turn runs: the prompt waits for its turn. */
export function Composer({ connected, busy, sent, onSend, onInterrupt }: Props) {
  const [text, setText] = useState('')
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    // On a touch screen the focus would bring up the keyboard.
    if (!connected || !matchMedia('(pointer: fine)').matches) return
    if (document.activeElement === document.body) field.current?.focus({ preventScroll: true })
  }, [connected, sent])

  const submit = (event: Event) => {
    event.preventDefault()
    if (!connected || text.trim() === '') return
    if (onSend(text)) setText('')
    field.current?.focus({ preventScroll: true })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) submit(event)
  }

  return (
    <form class="composer" onSubmit={submit}>
      <div class="column">
        <div class="composer-box">
          <label for="prompt" class="sr-only">
            Message to the agent
          </label>
          <textarea
            id="prompt"
            ref={field}
            rows={Math.min(8, text.split('\n').length)}
            value={text}
            placeholder={busy ? 'Write the next message; it waits for its turn' : 'Write to the agent'}
            aria-describedby="prompt-help"
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={onKeyDown}
          />
          <div class="composer-actions">
            {busy && (
              <button type="button" class="stop" aria-keyshortcuts="Escape" onClick={onInterrupt}>
                Interrupt
              </button>
            )}
            <button type="submit" class="primary" disabled={!connected || text.trim() === ''}>
              {busy ? 'Queue' : 'Send'}
            </button>
          </div>
        </div>
        <p id="prompt-help" class="help">
          <kbd>Enter</kbd> sends · <kbd>Shift</kbd>+<kbd>Enter</kbd> new line · <kbd>Esc</kbd> interrupts
        </p>
      </div>
    </form>
  )
}
