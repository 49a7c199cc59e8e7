import { useEffect, useRef, useState } from 'preact/hooks'
import type { Permissions } from '../conversation/conversation.ts'

interface Props {
  connected: boolean
  busy: boolean
  /** Prompts sent so far. */
  sent: number
  /** Of the session that the first prompt creates; undefined when there is one already. */
  permissions: Permissions | undefined
  onPermissions: (permissions: Permissions) => void
  onSend: (text: string) => void
  onInterrupt: () => void
}

/** The field that prompts are written in. Sending works while a turn runs: the prompt waits for its turn. */
export function Composer(props: Props) {
  const { connected, busy, sent, permissions, onPermissions, onSend, onInterrupt } = props
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
    onSend(text)
    setText('')
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
            placeholder={busy ? 'Write the next message' : 'Write to the agent'}
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
        <div class="below">
          <p id="prompt-help" class="help">
            <kbd>Enter</kbd> sends · <kbd>Shift</kbd>+<kbd>Enter</kbd> new line · <kbd>Esc</kbd> interrupts
          </p>
          {permissions !== undefined && (
            <label class="permissions">
              Tools run{' '}
              <select
                value={permissions}
                onChange={(event) => onPermissions(event.currentTarget.value as Permissions)}
              >
                <option value="server">as the server is set</option>
                <option value="ask">when I allow them</option>
              </select>
            </label>
          )}
        </div>
      </div>
    </form>
  )
}
