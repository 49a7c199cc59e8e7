import type { ScriptedRequest } from '../request/scripted-request.ts'
import type { RespondRule, Script } from '../script/script.ts'
import type { Step } from '../script/step.ts'
import { reverseFile, showFile, writeFile } from './files.ts'
import { askQuestion } from './question.ts'
import { failTool, listFiles, runCommand } from './shell.ts'
import { tellStory, thinkAloud } from './story.ts'
import { readCommand, readListing, readReading, readReversal, readWriting } from './wish.ts'

const guide = `Hello! I am a scripted model, not Claude: I know a few prompts by heart and answer them with real tool calls. \
For a real answer, start the server with an API key. Until then, try one of these:

- Please read "input.txt", reverse its content, and save it to a new file named "output.txt"
- List the files
- Write a file hello.txt with the text "Hello, world"
- Read hello.txt
- Run \`uname -a\`
- Tell me a long story
- Think about something
- Show me a failing tool
- Ask me a question`

/**
 * The script of the demo: a model that says that it is none, and does by real tool calls what a first user tries.
 * Each rule decides by the last user message and the tool results since, so conversations can go on as they like.
 */
export function demoScript(): Script {
  return {
    name: 'demo',
    rules: [
      rule('reverse a file', readReversal, reverseFile),
      rule('write a file', readWriting, (request, wish) => writeFile(request, wish)),
      rule('run a command', readCommand, (request, command) => runCommand(request, command)),
      rule('ask a question', mention(/\bask me\b/i), askQuestion),
      rule('failing tool', mention(/\bfail(?:s|ed|ing|ure)?\b/i), failTool),
      rule('list files', readListing, listFiles),
      rule('read a file', readReading, showFile),
      rule(
        'long answer',
        mention(/\b(?:story|poem|essay|novel|fairy tale|long (?:answer|text|reply))\b/i),
        tellStory,
      ),
      rule('thinking', mention(/\bthink(?:ing)?\b/i), thinkAloud),
    ],
    fallback: () => [{ text: guide, pace: { deltaSize: 24, deltasPerSecond: 60 } }],
  }
}

/** A rule for one kind of wish: how it is read from the user's words, and how it is granted. */
function rule<Wish>(
  name: string,
  read: (text: string) => Wish | undefined,
  grant: (request: ScriptedRequest, wish: Wish) => Step[],
): RespondRule {
  return {
    name,
    when: (request) => read(request.lastUserText) !== undefined,
    respond: (request) => grant(request, read(request.lastUserText) as Wish),
  }
}

/** Reads a wish that is known by a word alone. */
function mention(pattern: RegExp): (text: string) => true | undefined {
  return (text) => (pattern.test(text) ? true : undefined)
}
