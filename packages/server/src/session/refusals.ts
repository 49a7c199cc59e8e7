import { AgentServerError } from '@claude-agent/protocol'

// Why a session does not do what it was asked.

export function stopping(): AgentServerError {
  return new AgentServerError({
    code: 'server_stopping',
    message: 'The server is shutting down.',
    retryAfterMs: 2000,
  })
}

export function noModelAccess(): AgentServerError {
  return new AgentServerError({
    code: 'no_model_access',
    message: 'There is no access to a model: no key was configured.',
    hint: 'Give anthropicApiKey with the options, or start the server with ANTHROPIC_API_KEY (docs/configuration.md).',
  })
}

export function interruptedEarly(): AgentServerError {
  return new AgentServerError({
    code: 'prompt_interrupted',
    message: 'The prompt was interrupted before the agent had begun with it.',
    hint: 'Send it again, as another prompt.',
  })
}

export function questionOpen(): AgentServerError {
  return new AgentServerError({
    code: 'question_open',
    message: 'A question waits for its answer; no process of the agent is there until then.',
    hint: 'Answer the question or interrupt the turn, then call again.',
    retryAfterMs: 5000,
  })
}

export function callFailed(method: string, cause: unknown, isThere: boolean): AgentServerError {
  return new AgentServerError({
    code: 'call_failed',
    message: `'${method}' failed: ${(cause as Error).message}`,
    hint: isThere
      ? 'The words are of the agent; what it takes is in the documentation of the SDK.'
      : 'The agent ended or was replaced meanwhile; call again.',
    ...(isThere ? {} : { retryAfterMs: 1000 }),
    cause,
  })
}

export function queueFull(waiting: number): AgentServerError {
  return new AgentServerError({
    code: 'queue_full',
    message: `${waiting} prompts wait already.`,
    hint: 'Wait for a result before you send more.',
    retryAfterMs: 1000,
  })
}

export function uuidConflict(uuid: string): AgentServerError {
  return new AgentServerError({
    code: 'uuid_conflict',
    message: `Another prompt with the uuid '${uuid}' was accepted before.`,
    hint: 'Give each prompt a uuid of its own; send the same one again only with the same message.',
  })
}

export function promptNotFound(uuid: string): AgentServerError {
  return new AgentServerError({
    code: 'prompt_not_found',
    message: `No prompt with the uuid '${uuid}' was accepted.`,
    hint: 'The uuid is in the acknowledgement of the prompt.',
  })
}

export function promptNotWaiting(uuid: string, outcome: string | undefined): AgentServerError {
  return new AgentServerError({
    code: 'prompt_not_waiting',
    message: `The prompt '${uuid}' ${outcome === undefined ? 'runs already' : `has ended: ${outcome}`}.`,
    hint: outcome === undefined ? 'Interrupt the turn instead.' : 'There is nothing to take back.',
  })
}

export function credentialsRequired(id: string): AgentServerError {
  return new AgentServerError({
    code: 'credentials_required',
    message: `The options of the session '${id}' have secrets, which are kept in memory only and were lost with the last process of the server.`,
    hint: 'Repeat POST /sessions with the same id and options.',
  })
}

export function drivenByStdio(id: string): AgentServerError {
  return new AgentServerError({
    code: 'driven_by_stdio',
    message: `An SDK drives the session '${id}' over /sessions/${id}/stdio: it takes prompts, answers and calls from there only.`,
    hint: 'Read it over /ws or /events, and speak to it with the SDK.',
  })
}

export function historyLost(why: string): AgentServerError {
  return new AgentServerError({ code: 'history_lost', message: why })
}

export function sessionNotFound(id: string): AgentServerError {
  return new AgentServerError({
    code: 'session_not_found',
    message: `No session '${id.slice(0, 100)}' on this server.`,
    hint: 'List the sessions with GET /sessions, or create one first.',
  })
}

export function sessionDeleted(id: string): AgentServerError {
  return new AgentServerError({
    code: 'session_deleted',
    message: `The session '${id}' was deleted.`,
    hint: 'Create another one; an id is not used again.',
  })
}

export function sessionConflict(id: string): AgentServerError {
  return new AgentServerError({
    code: 'session_conflict',
    message: `The session '${id}' exists, with other options.`,
    hint: 'Choose another id, or change the options with PATCH /sessions/:id; what `kind` a session is of stays.',
  })
}

export function sessionExists(id: string): AgentServerError {
  return new AgentServerError({
    code: 'session_exists',
    message: `The session '${id}' exists already, and is no copy of this.`,
    hint: 'Choose another id, or leave it out to be given one.',
  })
}

export function tooManySessions(count: number): AgentServerError {
  return new AgentServerError({
    code: 'too_many_sessions',
    message: `There are ${count} sessions already.`,
    hint: 'Delete some, or raise CLAUDE_AGENT_MAX_SESSIONS.',
    retryAfterMs: 5000,
  })
}

/** Any error as clients may be told of it: a fault of our own without its insides. */
export function asServerError(cause: unknown): AgentServerError {
  if (cause instanceof AgentServerError) return cause
  return new AgentServerError({ code: 'internal', message: 'A fault in the server.', cause })
}
