import { Component, type ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Card, PromptCard } from '../transcript/card.ts'
import { type Page, PAGE_SIZE } from '../transcript/transcript.ts'
import { CardRow } from './card-row.tsx'

interface Props {
  pages: readonly Page[]
  /** Prompts whose turn has not come; they are shown after all else. */
  waiting: readonly PromptCard[]
  showAll: boolean
  /** Prompts sent so far: each one brings the end into view. */
  sent: number
  empty: ComponentChildren
}

/** How near to its end, in pixels, the list counts as being at its end. */
const NEAR = 48

/** All cards, oldest first. It follows what is new as long as its end is in view. */
export function TranscriptView({ pages, waiting, showAll, sent, empty }: Props) {
  const scroller = useRef<HTMLElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const following = useRef(true)
  const [away, setAway] = useState(false)

  const isEmpty = pages.every((page) => page.every((card) => !isShown(card, false)))
  // The page that greets is read from its beginning.
  const hasCards = useRef(false)
  hasCards.current = !isEmpty

  const toEnd = () => {
    const element = scroller.current
    if (element !== null && hasCards.current) element.scrollTop = element.scrollHeight
  }
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      if (following.current) toEnd()
    })
    observer.observe(list.current!)
    observer.observe(scroller.current!)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    if (sent > 0) jump()
  }, [sent])
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = scroller.current!
    following.current = scrollHeight - scrollTop - clientHeight < NEAR
    setAway(!following.current)
  }
  const jump = () => {
    following.current = true
    setAway(false)
    toEnd()
  }

  return (
    <div class="transcript">
      <main class="scroller" ref={scroller} onScroll={onScroll} tabIndex={0} aria-label="Conversation">
        <div class="column" ref={list}>
          {isEmpty && empty}
          {pages.map((page, index) => (
            <PageView key={index} page={page} start={index * PAGE_SIZE} showAll={showAll} />
          ))}
          {waiting.map((card) => (
            <CardRow key={card.uuid} card={card} />
          ))}
        </div>
      </main>
      {away && !isEmpty && (
        <button type="button" class="jump" onClick={jump}>
          Jump to latest
        </button>
      )}
    </div>
  )
}

/** Renders again only when one of its cards changed. */
class PageView extends Component<{ page: Page; start: number; showAll: boolean }> {
  override shouldComponentUpdate(next: Readonly<{ page: Page; showAll: boolean }>): boolean {
    return next.page !== this.props.page || next.showAll !== this.props.showAll
  }

  render() {
    const { page, start, showAll } = this.props
    return (
      <div class="page">
        {page.map((card, index) =>
          isShown(card, showAll) ? <CardRow key={start + index} card={card} /> : null,
        )}
      </div>
    )
  }
}

function isShown(card: Card, showAll: boolean): boolean {
  if (showAll) return true
  if (card.kind === 'raw') return !card.noise
  if (card.kind === 'text' || card.kind === 'thinking') return card.live || card.text !== ''
  return true
}
