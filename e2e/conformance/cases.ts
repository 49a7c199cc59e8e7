import type { Case } from './case.ts'
import { agents } from './cases/agents.ts'
import { calls } from './cases/calls.ts'
import { endings } from './cases/endings.ts'
import { events } from './cases/events.ts'
import { failures } from './cases/failures.ts'
import { hookAnswers } from './cases/hook-answers.ts'
import { hooks } from './cases/hooks.ts'
import { mcp } from './cases/mcp.ts'
import { options } from './cases/options.ts'
import { permissions } from './cases/permissions.ts'
import { prompts } from './cases/prompts.ts'
import { sessions } from './cases/sessions.ts'
import { tools } from './cases/tools.ts'

/** The program: all that is relied on. */
export const cases: Case[] = [
  ...prompts,
  ...tools,
  ...permissions,
  ...hooks,
  ...hookAnswers,
  ...events,
  ...mcp,
  ...agents,
  ...options,
  ...calls,
  ...sessions,
  ...endings,
  ...failures,
]
