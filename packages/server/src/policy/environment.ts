import * as z from 'zod/mini'

interface VariableRule {
  names: RegExp
  why: string
}

const ROUTES = 'It decides where the model is reached, and with which credential.'
const LOADS = 'It makes a runtime or a shell load code before the agent does anything.'
const OWNED = 'The server sets it for the process of the agent.'

// Names are compared without regard to case: libraries read `https_proxy` and `HTTPS_PROXY` alike.
const REFUSED: readonly VariableRule[] = [
  { names: /^(ANTHROPIC|CLAUDE)/i, why: ROUTES },
  { names: /(^|_)PROXY$/i, why: ROUTES },
  { names: /^(SSL_CERT_(FILE|DIR)|GRPC_DEFAULT_SSL_ROOTS_FILE_PATH|OPENSSL_.*)$/i, why: ROUTES },
  { names: /^(HOSTALIASES|LOCALDOMAIN|RES_OPTIONS|SESSION_INGRESS_URL|USE_.*_OAUTH)$/i, why: ROUTES },
  {
    names: /^(AWS_ENDPOINT_URL.*|AWS_BEARER_TOKEN_BEDROCK|AWS_CONTAINER_(CREDENTIALS|AUTHORIZATION)_.*)$/i,
    why: ROUTES,
  },
  {
    names: /^(VERTEX_.*|CLOUD_ML_.*|GCE_METADATA_.*|METADATA_SERVER_DETECTION|AZURE_.*AUTHORITY_.*)$/i,
    why: ROUTES,
  },
  { names: /^(OTEL_.*|.*TRACING_ENDPOINT)$/i, why: 'It decides where telemetry of the agent is sent.' },
  { names: /^(NODE|BUN|DENO|LD|DYLD|GLIBC|MALLOC)_/i, why: LOADS },
  {
    names: /^(BASH_ENV|ENV|SHELLOPTS|BASHOPTS|IFS|PS4|PROMPT_COMMAND|GCONV_PATH|LOCPATH|BASH_FUNC_.*)$/i,
    why: LOADS,
  },
  {
    names:
      /^(HOME|IS_SANDBOX|DISABLE_TELEMETRY|DISABLE_AUTOUPDATER|SDK_NATIVE_BIN|DEBUG_CLAUDE_AGENT_SDK|(SELF_HOSTED_RUNNER|CCR)_.*)$/i,
    why: OWNED,
  },
]

const PATH: VariableRule = {
  names: /^PATH$/i,
  why: 'The server finds programs by it when it starts the agent; set it in `settings.env`, which is read later.',
}

/** Why a variable of this name may not be set from outside, or undefined when it may. */
function refusedVariable(name: string, rules: readonly VariableRule[]): string | undefined {
  return rules.find((rule) => rule.names.test(name))?.why
}

// eslint-disable-next-line no-control-regex
const UNUSABLE_NAME = /^$|[=\0]/

function variables(value: z.ZodMiniType, rules: readonly VariableRule[]): z.ZodMiniType {
  return z.record(z.string(), value).check((context) => {
    for (const [name, content] of Object.entries(context.value)) {
      const report = (message: string, params = {}): void => {
        context.issues.push({ code: 'custom', input: undefined, path: [name], message, params })
      }
      const why = refusedVariable(name, rules)
      if (why !== undefined) report(why, { refused: true })
      else if (UNUSABLE_NAME.test(name)) report('must have a name without `=` and NUL')
      else if (typeof content === 'string' && content.includes('\0')) report('must hold no NUL')
    }
  })
}

/** `env`: what the process of the agent is started with, beside the server's own list. */
export const processEnvironment = variables(z.string(), [...REFUSED, PATH])

/** `settings.env`: what Claude Code sets once it runs, for itself and its tools. It turns numbers into text. */
export const settingsEnvironment = variables(z.union([z.string(), z.number(), z.boolean()]), REFUSED)
