import type { Stage, WayName } from '../case.ts'
import type { Model } from '../model.ts'

/** A place where cases can play. */
export interface Venue {
  /** What a case finds there. */
  ground(): Promise<Omit<Stage, 'model' | 'file'>>
  close: () => Promise<void>
}

/** One way for a program to its agent. */
export interface Way {
  name: WayName
  /** The network fails once a second on average. */
  isCut?: boolean
  open(model: Model): Promise<Venue>
}
