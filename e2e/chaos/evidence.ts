import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Journal } from './journal.ts'
import type { Model } from './model.ts'

/** Saves what a violation can be understood by: logs, transcripts, what the model was asked, and the course of the run. */
export async function saveEvidence(
  to: string,
  { folder, journal, model, logs }: { folder: string; journal: Journal; model: Model; logs: string },
): Promise<void> {
  await mkdir(to, { recursive: true })
  const lines = journal.notes.map((note) => JSON.stringify(note)).join('\n')
  await writeFile(join(to, 'violations.json'), `${JSON.stringify(journal.violations, undefined, 2)}\n`)
  await writeFile(join(to, 'journal.jsonl'), `${lines}\n`)
  await writeFile(join(to, 'server.log'), logs)
  for (const [session, asked] of model.asked) {
    await writeFile(join(to, `model-${session}.jsonl`), asked.map((each) => JSON.stringify(each)).join('\n'))
    const { tools: _, ...last } = model.last.get(session)!
    await writeFile(join(to, `model-${session}-last.json`), `${JSON.stringify(last, undefined, 2)}\n`)
  }
  await cp(join(folder, 'data', 'sessions'), join(to, 'sessions'), { recursive: true }).catch(() => {})
  await cp(join(folder, 'home', '.claude', 'projects'), join(to, 'transcripts'), { recursive: true }).catch(
    () => {},
  )
}
