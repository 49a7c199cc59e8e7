import { describe, expect, test } from 'vitest'
import { compareStates, WatchNode, type WatchedState } from '../../src/files/watch-node.ts'
import { planSteps, type Step, type Touch } from '../../src/files/watch-plan.ts'

function state(inode: number, fields: Partial<WatchedState> = {}): WatchedState {
  return { kind: 'file', inode, birthtimeMs: inode, size: 1, mtimeMs: 1, ctimeMs: 1, mode: 0o644, ...fields }
}

function directory(inode: number): WatchedState {
  return state(inode, { kind: 'dir' })
}

function add(parent: WatchNode, name: string, known: WatchedState): WatchNode {
  const node = new WatchNode(name, known)
  node.attach(parent, name)
  return node
}

/** The touch of a name, with what is there now. */
function touch(parent: WatchNode, name: string, after?: WatchedState): Touch {
  return { parent, name, before: parent.children.get(name), after, isChange: false }
}

function describeStep(step: Step): string {
  if (step.kind === 'new') return `new ${step.at.name}${step.overwrites ? ' over' : ''}`
  if (step.kind === 'moved') return `moved ${step.node.name} ${step.to.name}${step.overwrites ? ' over' : ''}`
  return `${step.kind} ${step.node.name}`
}

function plan(...touches: Touch[]): string[] {
  return planSteps(touches, true).steps.map(describeStep)
}

describe('what was touched', () => {
  test('and is known and there is the same; unknown and there is new; known and not there is gone', () => {
    const root = new WatchNode('', directory(1))
    add(root, 'kept', state(2))
    add(root, 'lost', state(3))
    const touches = [touch(root, 'kept', state(2)), touch(root, 'fresh', state(4)), touch(root, 'lost')]
    expect(plan(...touches)).toEqual(['same kept', 'new fresh', 'gone lost'])
  })

  test('and is neither known nor there is nothing', () => {
    expect(plan(touch(new WatchNode('', directory(1)), 'brief'))).toEqual([])
  })

  test('and came up under another name is moved, in whatever order it was touched', () => {
    const root = new WatchNode('', directory(1))
    const folder = add(root, 'folder', directory(2))
    add(root, 'x', state(3))
    const touches = [touch(root, 'x'), touch(folder, 'y', state(3))]
    expect(plan(...touches)).toEqual(['moved x y'])
    expect(plan(...touches.reverse())).toEqual(['moved x y'])
  })

  test('and has the inode number of what is gone, but was born later, is not moved', () => {
    const root = new WatchNode('', directory(1))
    add(root, 'x', state(3))
    const touches = [touch(root, 'x'), touch(root, 'y', state(3, { birthtimeMs: 99 }))]
    expect(plan(...touches)).toEqual(['gone x', 'new y'])
  })

  test('and has another name as well is not moved', () => {
    const root = new WatchNode('', directory(1))
    add(root, 'x', state(3))
    expect(plan(touch(root, 'x', state(3)), touch(root, 'y', state(3)))).toEqual(['same x', 'new y'])
  })

  test('a file that replaced another is new over it, by its name or by a move', () => {
    const root = new WatchNode('', directory(1))
    add(root, 'x', state(3))
    add(root, 'y', state(4))
    expect(plan(touch(root, 'x', state(5)))).toEqual(['new x over'])
    expect(plan(touch(root, 'y'), touch(root, 'x', state(4)))).toEqual(['moved y x over'])
  })

  test('a file that replaced a directory, or the reverse, is new after the other is gone', () => {
    const root = new WatchNode('', directory(1))
    add(root, 'x', state(3))
    add(root, 'd', directory(4))
    expect(plan(touch(root, 'x', directory(5)))).toEqual(['gone x', 'new x'])
    expect(plan(touch(root, 'd', state(6)))).toEqual(['gone d', 'new d'])
  })

  test('two that changed places are both moved', () => {
    const root = new WatchNode('', directory(1))
    add(root, 'x', state(3))
    add(root, 'y', state(4))
    expect(plan(touch(root, 'x', state(4)), touch(root, 'y', state(3)))).toEqual(['moved x y', 'moved y x'])
  })

  test('one that made way for a new one of its name is moved, the new one is new', () => {
    const root = new WatchNode('', directory(1))
    add(root, 'x', state(3))
    const touches = [touch(root, 'x', state(5)), touch(root, 'x.old', state(3))]
    expect(plan(...touches)).toEqual(['moved x x.old', 'new x'])
  })

  test('below a directory that moved or went away is looked at again later', () => {
    const root = new WatchNode('', directory(1))
    const folder = add(root, 'folder', directory(2))
    const inner = add(folder, 'inner', directory(3))
    add(inner, 'x', state(4))
    const touches = [touch(inner, 'x'), touch(root, 'folder'), touch(root, 'moved', directory(2))]
    const { steps, later } = planSteps(touches, true)
    expect(steps.map(describeStep)).toEqual(['moved folder moved'])
    expect(later.map(({ name }) => name)).toEqual(['x'])
  })

  test('a directory whose watch would not follow is gone here and new there; a file is moved all the same', () => {
    const root = new WatchNode('', directory(1))
    add(root, 'd', directory(2))
    add(root, 'x', state(3))
    const touches = [
      touch(root, 'd'),
      touch(root, 'e', directory(2)),
      touch(root, 'x'),
      touch(root, 'y', state(3)),
    ]
    expect(planSteps(touches, false).steps.map(describeStep)).toEqual(['gone d', 'new e', 'moved x y'])
  })
})

describe('an entry that is still the same', () => {
  test.each<[string, Partial<WatchedState>, string[]]>([
    ['unchanged', {}, []],
    ['of another size', { size: 2 }, ['write']],
    ['of a later time', { mtimeMs: 2, ctimeMs: 2 }, ['write']],
    ['of an earlier time', { mtimeMs: 0, ctimeMs: 2 }, ['write']],
    ['of another mode', { mode: 0o600, ctimeMs: 2 }, ['chmod']],
    ['of another owner', { ctimeMs: 2 }, ['chmod']],
    ['written and of another mode', { size: 9, mode: 0o600 }, ['write', 'chmod']],
    ['copied up by an overlay file system', { birthtimeMs: 7 }, ['write']],
  ])('and is %s', (_, fields, changes) => {
    expect(compareStates(state(1), state(1, fields))).toEqual(changes)
  })

  test('and is a directory changes by its mode only', () => {
    const before = directory(1)
    expect(compareStates(before, { ...before, mtimeMs: 9, ctimeMs: 9, size: 9, birthtimeMs: 9 })).toEqual([])
    expect(compareStates(before, { ...before, mode: 0o700 })).toEqual(['chmod'])
  })
})

describe('a node', () => {
  test('knows its path by its parents, also after they moved', () => {
    const root = new WatchNode('', directory(1))
    const folder = add(root, 'a', directory(2))
    const file = add(folder, 'x', state(3))
    expect(file.path()).toBe('a/x')
    folder.detach()
    folder.attach(root, 'b')
    expect(file.path()).toBe('b/x')
    expect(root.path()).toBe('')
    expect(root.children.has('a')).toBe(false)
  })

  test('that lost its name to another does not take the other away when it is detached', () => {
    const root = new WatchNode('', directory(1))
    const first = add(root, 'x', state(2))
    const second = add(root, 'x', state(3))
    first.detach()
    expect(root.children.get('x')).toBe(second)
  })

  test('gives all below it, the directories after what is in them, itself last', () => {
    const root = new WatchNode('', directory(1))
    const folder = add(root, 'a', directory(2))
    add(folder, 'x', state(3))
    add(root, 'y', state(4))
    expect([...root.below()].map((node) => node.path())).toEqual(['a/x', 'a', 'y', ''])
  })
})
