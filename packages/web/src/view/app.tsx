import { useEffect, useState } from 'preact/hooks'
import type { Conversation } from '../conversation/conversation.ts'
import { isBusy } from '../transcript/transcript.ts'
import { Composer } from './composer.tsx'
import { ConnectionNotice } from './connection-notice.tsx'
import { EmptyState, INPUT_FILE, type Example } from './empty-state.tsx'
import { Header } from './header.tsx'
import { TranscriptView } from './transcript-view.tsx'

/** The page. */
export function App({ conversation }: { conversation: Conversation }) {
  const [view, setView] = useState(conversation.view)
  const [sent, setSent] = useState(0)
  const [showAll, setShowAll] = useState(false)
  useEffect(() => {
    setView(conversation.view)
    return conversation.watch(() => setView(conversation.view))
  }, [conversation])

  const { transcript, connection } = view
  const connected = connection.status === 'connected'
  const busy = connected && isBusy(transcript)
  useEffect(() => {
    if (!busy) return
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.isComposing) return
      event.preventDefault()
      conversation.interrupt()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [busy, conversation])

  const send = (text: string) => {
    const accepted = conversation.send(text)
    if (accepted) setSent((count) => count + 1)
    return accepted
  }
  const runExample = async (example: Example) => {
    if (example.needsInput && !(await conversation.writeFile(INPUT_FILE.path, INPUT_FILE.content))) return
    send(example.prompt)
  }

  return (
    <div class="app">
      <Header connection={connection} busy={busy} showAll={showAll} onShowAll={setShowAll} />
      <ConnectionNotice
        connection={connection}
        onRetry={() => void conversation.retry()}
        onToken={(token) => void conversation.useToken(token)}
      />
      <TranscriptView
        pages={transcript.pages}
        waiting={transcript.waiting}
        showAll={showAll}
        sent={sent}
        empty={<EmptyState connected={connected} onRun={(example) => void runExample(example)} />}
      />
      <Composer
        connected={connected}
        busy={busy}
        sent={sent}
        onSend={send}
        onInterrupt={() => conversation.interrupt()}
      />
      <p class="sr-only" aria-live="polite">
        {transcript.announcement}
      </p>
    </div>
  )
}
