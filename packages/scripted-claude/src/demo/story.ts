import type { ScriptedRequest } from '../request/scripted-request.ts'
import type { Step } from '../script/step.ts'

/** Fast enough to be fun, slow enough to be interrupted. */
const pace = { deltaSize: 12, deltasPerSecond: 30 }

const finds = [
  ['a bottle with a map in it', 'the map showed the island itself, with one rock too many'],
  ['a chess piece, a white knight', 'its place on the board in the lamp room had been empty for years'],
  [
    'a shoe, left, size forty-one',
    'the right one had come ashore eleven years earlier and stood on the shelf',
  ],
  ['a crate of lemons', 'the cook sang for a week'],
  ['a letter that began in the middle', 'the keeper wrote the beginning and sent it back to sea'],
  ['an oar with teeth marks', 'nobody could say whose'],
  ['a clock that ran backwards', 'at noon and at midnight it was right all the same'],
  ['a door', 'they leaned it against the wall, and in the morning it was ajar'],
  ['a tin of blue paint', 'the boat had been waiting for a name'],
  ['a bird that could not fly', 'it could count, however, and helped with the log'],
  ['a radio that spoke only at night', 'it read the weather for a coast that is on no chart'],
  ['a rope with forty knots', 'the keeper untied one each evening, and the fog grew thinner'],
] as const

/** A long answer, streamed slowly. */
export function tellStory(): Step[] {
  const chapters = finds.map(([find, turn], index) => {
    return (
      `**${index + 1}.** In week ${index + 1} the tide brought ${find}. ` +
      `The keeper of the lighthouse entered it in the log, dried it, and asked what it might mean; ${turn}. ` +
      `Then the lamp was lit, the stairs were swept, and the sea went on as before, or nearly so.`
    )
  })
  const opening =
    'I am a scripted model, not Claude, so this is the one story that I know. It is long on purpose: ' +
    'interrupt me whenever you like.\n\n# What the tide brought\n\n'
  const ending = '\n\nWhat the tide brought in week thirteen is not in the log. The page is blue.'
  return [{ text: opening + chapters.join('\n\n') + ending, pace }]
}

/** Thinks before it speaks, where the request allows thinking. */
export function thinkAloud(request: ScriptedRequest): Step[] {
  const thinking = request.body['thinking'] as { type?: string } | undefined
  const answer =
    'I am a scripted model, not Claude: my thinking is written down beforehand, but it was streamed to you as real ' +
    'thinking is, in a block of its own.'
  if (thinking === undefined || thinking.type === 'disabled') return [{ text: answer }]
  return [
    { thinking: 'The user wants to see me think. Nothing needs to be found out, so I stop here.', pace },
    { text: answer },
  ]
}
