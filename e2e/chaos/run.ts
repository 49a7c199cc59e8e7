import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeFolder, removeFolder } from '../support/folder.ts'
import { layOut } from '../support/server.ts'
import { pause, until } from '../support/until.ts'
import { checkAsks } from './checks/asks.ts'
import { checkMessages } from './checks/messages.ts'
import { checkHistory } from './checks/history.ts'
import { readLog } from './checks/log.ts'
import { checkPrompts } from './checks/prompts.ts'
import { checkReaders } from './checks/readers.ts'
import { Conversation } from './conversation.ts'
import { Disk } from './disk.ts'
import { saveEvidence } from './evidence.ts'
import { Faults } from './faults.ts'
import { Journal } from './journal.ts'
import { Model } from './model.ts'
import { Random } from './random.ts'
import { ServerHost } from './server-host.ts'

/** What a server may hold more at the end of its life than when it began, in MiB; it begins with about 25. */
const MAX_GROWTH_MIB = 32
/** Prompts after which a session is left alone and another one begins. */
const MAX_PROMPTS = 40

export interface ChaosOptions {
  seed: string
  /** How long things go wrong. */
  durationMs: number
  /** Sessions at once. */
  sessions: number
  /** Milliseconds between two faults, on average. */
  everyMs: number
  /** Milliseconds after which an idle agent is ended. */
  idleMs: number
  /** For how long nothing at all may move at the end before everything has settled. */
  settleMs: number
  onTick?: (line: string) => void
}

/** How a run went. */
export interface Verdict {
  seed: string
  journal: Journal
  /** What was left out, and why. */
  leftOut: string[]
  /** Where the evidence is, when something was violated. */
  evidence: string | undefined
}

/** One run: sessions talk while everything around them fails; then all of it settles and is looked at. */
export async function runChaos(options: ChaosOptions): Promise<Verdict> {
  const { seed, onTick = () => {} } = options
  const random = new Random(seed)
  const journal = new Journal()
  const folder = await makeFolder()
  const disk = Disk.mount(layOut(folder).dataDir, 256)
  const model = await Model.start(journal, `chaos-${folder.split('-').at(-1)}`)
  const realDisk = typeof disk === 'string' ? undefined : disk
  const { idleMs, sessions } = options
  const parts = { folder, upstream: model.url, journal, disk: realDisk, maxProcesses: sessions + 1, idleMs }
  const host = new ServerHost(parts)
  const timer = setInterval(() => onTick(journal.line), 10_000)
  let evidence: string | undefined
  try {
    await host.start()
    await course(options, { random, journal, host, disk: realDisk, model })
  } catch (error) {
    journal.violate('the run itself failed', (error as Error).stack)
  } finally {
    clearInterval(timer)
    await host.close()
    if (journal.violations.length > 0) {
      evidence = join(tmpdir(), `claude-agent-chaos-${seed}-${Date.now()}`)
      await saveEvidence(evidence, { folder, journal, model, logs: host.logs })
    }
    await model.close()
    realDisk?.unmount()
    await removeFolder(folder)
  }
  const leftOut = typeof disk === 'string' ? [`full disks: ${disk}`] : []
  return { seed, journal, leftOut, evidence }
}

interface Stage {
  random: Random
  journal: Journal
  host: ServerHost
  disk: Disk | undefined
  model: Model
}

async function course(options: ChaosOptions, { random, journal, host, disk, model }: Stage): Promise<void> {
  const all: Conversation[] = []
  const over = new AbortController()
  const lane = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const name = `s${all.length + 1}`
      const beginning = Conversation.begin({ name, host, journal, random: random.of(name) })
      const place = all.push(undefined as never) - 1
      const conversation = await beginning
      all[place] = conversation
      if (over.signal.aborted) conversation.talker.stop()
      await conversation.talker.talk(MAX_PROMPTS)
      if (!over.signal.aborted) await conversation.rest()
    }
  }
  const begun = (): Conversation[] => all.filter((conversation) => conversation !== undefined)
  const lanes = Array.from({ length: options.sessions }, lane)
  await until('every lane has a session', () => begun().length >= options.sessions)
  const conversations = (): Conversation[] => begun().slice(-options.sessions)
  const faults = new Faults({
    host,
    journal,
    random: random.of('faults'),
    disk,
    conversations,
    everyMs: options.everyMs,
  })
  const failing = faults.run()
  await pause(options.durationMs)
  faults.stop()
  await failing
  over.abort()
  journal.note('faults are over')
  for (const conversation of begun()) conversation.talker.stop()
  await Promise.all(lanes)
  await settle(begun(), options)
  for (const conversation of begun()) await conversation.close()
  await checkMemory(host, journal)
  await host.end('SIGTERM')
  for (const conversation of begun()) await check(conversation, { host, journal, model })
}

/** Lets the sessions settle, as many at once as have talked at once. */
async function settle(
  conversations: readonly Conversation[],
  { sessions, settleMs }: ChaosOptions,
): Promise<void> {
  const left = [...conversations]
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await next.settle(settleMs)
  }
  await Promise.all(Array.from({ length: sessions }, work))
}

/** Once no session has a process any more, the server holds what it began with, about. */
async function checkMemory(host: ServerHost, journal: Journal): Promise<void> {
  const isAlone = async (): Promise<boolean> => (await host.agents()).length <= 1
  await until('idle agents have ended', isAlone, 30_000).catch((error: Error) =>
    journal.violate(error.message),
  )
  const after = await host.heldMiB()
  await host.end('SIGTERM')
  await host.start()
  const before = await host.heldMiB()
  journal.note('memory held in MiB', { before, after })
  if (!(after - before < MAX_GROWTH_MIB)) journal.violate('memory did not come back', { before, after })
}

async function check(
  { name, readers, talker, answerer, last, settledSeq }: Conversation,
  { host, journal, model }: Pick<Stage, 'host' | 'journal' | 'model'>,
): Promise<void> {
  const events = await readLog(host.dataDir, name, journal)
  journal.count('events', events.length)
  const ledgers = readers.map(({ parts }) => parts.ledger)
  checkReaders(events, ledgers, settledSeq, journal)
  checkMessages(events, journal, name)
  checkAsks(events, answerer.accepted, journal, name)
  const outcomes = checkPrompts(events, talker.prompts, journal)
  const asked = model.asked.get(name) ?? []
  checkHistory({ session: name, prompts: talker.prompts, outcomes, last, asked }, journal)
}
