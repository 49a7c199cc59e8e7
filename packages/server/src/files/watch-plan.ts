import { isSameEntry, toIdentity, type WatchedState, type WatchNode } from './watch-node.ts'

/** A name at which something happened, with what was known there and what is there now. */
export interface Touch {
  parent: WatchNode
  name: string
  before: WatchNode | undefined
  after: WatchedState | undefined
  /** The system spoke of a change of content or of attributes, not of a name. */
  isChange: boolean
}

/** What happened, as steps from the known tree to the present one. */
export type Step =
  | { kind: 'gone'; node: WatchNode }
  | { kind: 'moved'; node: WatchNode; to: Touch; after: WatchedState; overwrites: boolean }
  | { kind: 'new'; at: Touch; after: WatchedState; overwrites: boolean }
  | { kind: 'same'; node: WatchNode; after: WatchedState; isChange: boolean }

export interface Plan {
  steps: Step[]
  /** What lies in a directory that itself went away or moved: to be looked at again after the steps. */
  later: Touch[]
}

/**
 * Finds out what happened from what was touched in one go. An entry that went away here and came up there was renamed.
 *
 * @param followsDirectories whether the watch of a directory outlives its move
 */
export function planSteps(touches: readonly Touch[], followsDirectories: boolean): Plan {
  const departed = new Set(touches.filter(hasDeparted).map((touch) => touch.before))
  const isUnsure = (touch: Touch): boolean => touch.parent.line().some((node) => departed.has(node))
  const sure = touches.filter((touch) => !isUnsure(touch))
  const moves = pairMoves(sure, followsDirectories)
  const arrived = new Set(moves.values())
  const steps: Step[] = []
  for (const touch of sure) {
    const { before, after, isChange } = touch
    if (before !== undefined && isSameEntry(before.state, after)) {
      steps.push({ kind: 'same', node: before, after, isChange })
      continue
    }
    const to = before && moves.get(before)
    if (before !== undefined && to?.after !== undefined) {
      steps.push({ kind: 'moved', node: before, to, after: to.after, overwrites: isOverwritten(to, moves) })
    } else if (before !== undefined && !isOverwritten(touch, moves)) {
      steps.push({ kind: 'gone', node: before })
    }
    if (after === undefined || arrived.has(touch)) continue
    steps.push({ kind: 'new', at: touch, after, overwrites: isOverwritten(touch, moves) })
  }
  return { steps, later: touches.filter(isUnsure) }
}

/** For each entry that went away and came up elsewhere, where it came up. */
function pairMoves(touches: readonly Touch[], followsDirectories: boolean): Map<WatchNode, Touch> {
  const arrivals = new Map<string, Touch>()
  for (const touch of touches) {
    const { before, after } = touch
    if (after === undefined || (before !== undefined && isSameEntry(before.state, after))) continue
    if (after.kind !== 'dir' || followsDirectories) arrivals.set(toIdentity(after), touch)
  }
  const moves = new Map<WatchNode, Touch>()
  for (const touch of touches.filter(hasDeparted)) {
    const arrival = touch.before && arrivals.get(toIdentity(touch.before.state))
    if (touch.before === undefined || arrival === undefined) continue
    moves.set(touch.before, arrival)
    arrivals.delete(toIdentity(touch.before.state))
  }
  return moves
}

function hasDeparted({ before, after }: Touch): boolean {
  return before !== undefined && !isSameEntry(before.state, after)
}

/** True when another file took the place of a file that is no more. */
function isOverwritten(touch: Touch, moves: ReadonlyMap<WatchNode, Touch>): boolean {
  const { before, after } = touch
  if (before === undefined || moves.has(before)) return false
  return before.state.kind !== 'dir' && after !== undefined && after.kind !== 'dir'
}
