import { expect, test } from 'vitest'
import { acceptConfig } from '../../src/policy/accept-config.ts'
import { completeAgents } from '../../src/policy/agents.ts'

test('an agent that has all it needs is handed on as it is', () => {
  const agents = { a: { description: 'd', prompt: 'p', tools: ['Read'], model: 'haiku' } }
  expect(completeAgents(agents)).toEqual(agents)
})

test('the description stands in for a prompt that is not there', () => {
  expect(completeAgents({ a: { description: 'Reviews code' } })).toEqual({
    a: { description: 'Reviews code', prompt: 'Reviews code' },
  })
})

test('an empty prompt is a prompt', () => {
  expect(completeAgents({ a: { description: 'd', prompt: '' } })['a']?.prompt).toBe('')
})

test('the name stands in for a description that is not there or empty, and the key for the name', () => {
  const { agents } = acceptConfig(
    { agents: { a: { name: 'Reviewer', prompt: 'p' }, b: { description: '' }, '': {} } },
    {},
  )
  expect(completeAgents(agents ?? {})).toEqual({
    a: { name: 'Reviewer', description: 'Reviewer', prompt: 'p' },
    b: { description: 'b', prompt: 'b' },
    '': { description: 'An agent', prompt: 'An agent' },
  })
})

test('completing changes nothing in what is stored', () => {
  const agents = { a: { description: 'd' } }
  completeAgents(agents)
  expect(agents).toEqual({ a: { description: 'd' } })
})
