import type { SessionInfo } from '@claude-agent/client'
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Permissions } from '../conversation/conversation.ts'
import type { Workbench } from '../conversation/workbench.ts'
import { firstOpenAsk, isBusy, type Transcript } from '../transcript/transcript.ts'
import { ActionsContext } from './actions.ts'
import { Composer } from './composer.tsx'
import { ConnectionNotice } from './connection-notice.tsx'
import { EmptyState, INPUT_FILE, type Example } from './empty-state.tsx'
import { Header } from './header.tsx'
import { SessionList } from './session-list.tsx'
import { SessionNotice } from './session-notice.tsx'
import { describeStatus } from './status.ts'
import { TranscriptView } from './transcript-view.tsx'

const NAME = 'claude-agent-server'

/** The page. */
export function App({ workbench }: { workbench: Workbench }) {
  const [view, setView] = useState(workbench.view)
  const [sent, setSent] = useState(0)
  const [showAll, setShowAll] = useState(false)
  const [listOpen, setListOpen] = useState(false)
  const [permissions, setPermissions] = useState<Permissions>('server')
  useEffect(() => {
    setView(workbench.view)
    return workbench.watch(() => setView(workbench.view))
  }, [workbench])

  const { transcript, connection, conversation, info, sessions } = view
  const { id } = conversation
  const connected = connection.status === 'connected'
  const needsAnswer = firstOpenAsk(transcript) !== undefined
  const busy = isBusy(transcript) || needsAnswer || transcript.status === 'running'
  const title = info?.title ?? NAME
  useEffect(() => {
    document.title = `${needsAnswer ? '● ' : ''}${title}${title === NAME ? '' : ` – ${NAME}`}`
  }, [needsAnswer, title])
  useEffect(() => {
    if (!busy) return
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.isComposing) return
      // Who writes an answer leaves the field, not the turn.
      const field = (event.target as Element).closest?.('.ask, .sessions')
      if (field !== null) return (event.target as HTMLElement).blur()
      event.preventDefault()
      conversation.interrupt()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [busy, conversation])
  const actions = useMemo(
    () => ({
      client: workbench.client,
      answer: conversation.answer.bind(conversation),
      cancel: conversation.cancel.bind(conversation),
    }),
    [workbench, conversation],
  )

  const send = (text: string) => {
    conversation.send(text, permissions)
    setSent((count) => count + 1)
  }
  const runExample = async (example: Example) => {
    if (example.needsInput && !(await workbench.writeFile(INPUT_FILE.path, INPUT_FILE.content))) return
    send(example.prompt)
  }
  const empty =
    id === undefined || transcript.caughtUp ? (
      <EmptyState connected={connected} onRun={(example) => void runExample(example)} />
    ) : (
      connected && <p class="muted">Reading the history…</p>
    )

  return (
    <div class="app">
      <Header
        status={describeStatus(connection, transcript)}
        info={info}
        model={transcript.model}
        listOpen={listOpen}
        onList={setListOpen}
        onAnswer={needsAnswer && connected ? focusAsk : undefined}
        showAll={showAll}
        onShowAll={setShowAll}
      />
      <div class="body">
        <SessionList
          sessions={sessions.map((known) => (known.id === id ? asTold(known, transcript) : known))}
          current={id}
          open={listOpen}
          onClose={() => setListOpen(false)}
          onRemove={(removed) => void workbench.remove(removed)}
        />
        <div class="session">
          <ConnectionNotice
            connection={connection}
            onRetry={() => workbench.retry()}
            onToken={(token) => workbench.useToken(token)}
          />
          {connected && <SessionNotice status={transcript.status} />}
          <ActionsContext.Provider value={actions}>
            <TranscriptView
              key={conversation.key}
              pages={transcript.pages}
              waiting={transcript.waiting}
              showAll={showAll}
              sent={sent}
              empty={empty}
            />
          </ActionsContext.Provider>
          <Composer
            key={conversation.key}
            connected={connected}
            busy={busy}
            sent={sent}
            permissions={id === undefined ? permissions : undefined}
            onPermissions={setPermissions}
            onSend={send}
            onInterrupt={() => conversation.interrupt()}
          />
          <p class="sr-only" aria-live="polite">
            {transcript.announcement}
          </p>
        </div>
      </div>
    </div>
  )
}

/** The session that is shown, with the status that its events tell: the list is older than they are. */
function asTold(info: SessionInfo, { status }: Transcript): SessionInfo {
  return status === undefined ? info : { ...info, status }
}

/** Brings the ask that has been open for longest into view, ready to be answered. */
function focusAsk(): void {
  const form = document.querySelector('.ask[data-open="true"]')
  form?.scrollIntoView({ block: 'nearest' })
  const fields = ['input:not(.reason), select', 'button.primary', 'button']
  const controls = fields.map((selector) => form?.querySelector<HTMLElement>(selector))
  controls.find((control) => control != null)?.focus()
}
