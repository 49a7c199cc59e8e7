import type { SessionInfo } from '@claude-agent/client'
import { useEffect, useRef, useState } from 'preact/hooks'
import { NEW_SESSION } from '../conversation/address.ts'
import { formatAge } from './format.ts'

interface Props {
  sessions: readonly SessionInfo[]
  /** The one that is shown. */
  current: string | undefined
  open: boolean
  onClose: () => void
  onRemove: (id: string) => void
}

/** More than these are shown on demand. */
const SHORT = 50

const NEWS: Partial<Record<SessionInfo['status'], string>> = {
  queued: 'queued',
  running: 'working',
  requires_action: 'needs an answer',
  credentials_required: 'needs credentials',
  failed: 'failed',
}

/** The sessions of the server, as links. Beside the page where there is room, else over it while it is `open`. */
export function SessionList({ sessions, current, open, onClose, onRemove }: Props) {
  const [all, setAll] = useState(false)
  const list = useRef<HTMLElement>(null)
  useEffect(() => {
    if (open) list.current?.querySelector('a')?.focus()
  }, [open])
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !open) return
    event.stopPropagation()
    onClose()
  }
  const shown = all ? sessions : sessions.slice(0, SHORT)
  return (
    <nav
      id="sessions"
      class="sessions"
      ref={list}
      data-open={open}
      aria-label="Sessions"
      onKeyDown={onKeyDown}
    >
      <a class="new-session" href={NEW_SESSION} aria-current={current === undefined} onClick={onClose}>
        New session
      </a>
      <ul>
        {shown.map((info) => (
          <Row
            key={info.id}
            info={info}
            current={info.id === current}
            onOpen={onClose}
            onRemove={() => onRemove(info.id)}
          />
        ))}
      </ul>
      {shown.length < sessions.length && (
        <button type="button" class="quiet" onClick={() => setAll(true)}>
          Show all {sessions.length}
        </button>
      )}
    </nav>
  )
}

interface RowProps {
  info: SessionInfo
  current: boolean
  onOpen: () => void
  onRemove: () => void
}

function Row({ info, current, onOpen, onRemove }: RowProps) {
  const [asking, setAsking] = useState(false)
  const keep = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (asking) keep.current?.focus()
  }, [asking])
  const title = info.title ?? `Untitled ${info.id.slice(0, 8)}`
  if (asking) {
    return (
      <li class="session-row">
        <p>Delete “{title}” and its history for good?</p>
        <button type="button" class="stop" onClick={onRemove}>
          Delete
        </button>
        <button type="button" ref={keep} onClick={() => setAsking(false)}>
          Keep
        </button>
      </li>
    )
  }
  const news = NEWS[info.status]
  return (
    <li class="session-row">
      <a href={`#${info.id}`} aria-current={current} title={title} onClick={onOpen}>
        <span class="session-title">{title}</span>
        <small data-status={info.status}>
          {news !== undefined && <span class="news">{news}</span>}
          <span>{formatAge(info.updatedAt, Date.now())}</span>
        </small>
      </a>
      <button
        type="button"
        class="quiet remove"
        aria-label={`Delete ${title}`}
        onClick={() => setAsking(true)}
      >
        ×
      </button>
    </li>
  )
}
