export const INPUT_FILE = { path: 'input.txt', content: 'Hello, agent!' }

export interface Example {
  title: string
  prompt: string
  note: string
  /** `INPUT_FILE` has to be there first. */
  needsInput: boolean
}

const EXAMPLES: Example[] = [
  {
    title: 'Reverse a file',
    prompt: 'Please read "input.txt", reverse its content, and save it to a new file named "output.txt"',
    note: `Writes ${INPUT_FILE.path} first: “${INPUT_FILE.content}”`,
    needsInput: true,
  },
  {
    title: 'List the files',
    prompt: 'List the files in the workspace.',
    note: 'Looks into the folder that the agent works in',
    needsInput: false,
  },
  {
    title: 'Run a command',
    prompt: 'Run the command `uname -a`.',
    note: 'Uses the shell where the server runs',
    needsInput: false,
  },
  {
    title: 'Answer a question',
    prompt: 'Ask me a question.',
    note: 'The agent waits for your choice, in every tab',
    needsInput: false,
  },
]

/** What a first visitor sees: examples that work. */
export function EmptyState({ connected, onRun }: { connected: boolean; onRun: (example: Example) => void }) {
  return (
    <section class="empty" aria-labelledby="empty-title">
      <h2 id="empty-title">An agent, its tools and a folder.</h2>
      <p class="muted">Write what you want done, or start with one of these.</p>
      <ul class="examples">
        {EXAMPLES.map((example) => (
          <li key={example.title}>
            <button type="button" class="example" disabled={!connected} onClick={() => onRun(example)}>
              <strong>{example.title}</strong>
              <span>{example.prompt}</span>
              <small>{example.note}</small>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
