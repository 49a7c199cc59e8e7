import type { ExecFileException } from 'node:child_process'
import { SandboxError, type SandboxErrorCode } from '../errors.ts'

interface Explanation {
  said: RegExp
  code: SandboxErrorCode
  hint: string
}

const UNREACHABLE_HINT =
  'Start Docker, or say where it is by DOCKER_HOST or `docker context use`. Try it with: docker info.'

/** What the engine says when something fails, the first that fits. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    said: /permission denied while trying to connect|dial unix .*permission denied/i,
    code: 'unauthorized',
    hint: 'This user may not speak to the engine: add it to the group `docker`, or use a rootless engine.',
  },
  {
    said: /cannot connect to the docker daemon|error during connect|failed to connect to the docker api|is the docker daemon running|context .* (not found|does not exist)/i,
    code: 'engine_unreachable',
    hint: UNREACHABLE_HINT,
  },
  {
    said: /unable to find image|no such image|image not known|manifest unknown|pull access denied|repository does not exist|invalid reference format/i,
    code: 'template_not_found',
    hint: 'Build the image with `npm run build:docker`, or give the name of yours as `template`.',
  },
  {
    said: /unauthorized|authentication required|denied: requested access/i,
    code: 'unauthorized',
    hint: 'Log in to the registry with `docker login`.',
  },
  {
    said: /no such (container|object)/i,
    code: 'sandbox_not_found',
    hint: 'It was removed, or its time was over. Create another.',
  },
  {
    said: /unknown or invalid runtime|unknown runtime/i,
    code: 'not_supported',
    hint: 'Install the runtime and name it in the configuration of the engine (`docker info` lists those it has).',
  },
  {
    said: /range of cpus|minimum memory limit|no space left|cannot allocate memory|address pools|no available ip|port is already allocated|resource temporarily unavailable|too many open files/i,
    code: 'quota_exceeded',
    hint: 'Ask for less in `resources`, or end sandboxes that are not needed: list() finds them.',
  },
]

/** The error of a call that failed, from the exit and the words of the command. Those hold no secret: none is in argv. */
export function explainFailure(
  command: string,
  error: ExecFileException,
  stderr: string,
  timeoutMs: number,
): SandboxError {
  if (error.code === 'ENOENT' || error.code === 'EACCES') {
    return new SandboxError({
      code: 'engine_unreachable',
      message: `The command '${command}' cannot be run (${error.code}).`,
      hint: 'Install Docker (https://docs.docker.com/get-docker/), or give its command line as `command`.',
    })
  }
  if (error.killed === true) {
    return new SandboxError({
      code: 'engine_unreachable',
      message: `The engine did not answer within ${timeoutMs} ms.`,
      hint: UNREACHABLE_HINT,
    })
  }
  const words = clean(stderr)
  const found = EXPLANATIONS.find(({ said }) => said.test(stderr))
  return new SandboxError({
    code: found?.code ?? 'start_failed',
    message: `The engine refused: ${words || `exit code ${String(error.code)}`}`,
    hint: found?.hint ?? 'The message is the one of the engine; `docker info` and its log say more.',
  })
}

/** The lines that say what is wrong, without the command's own advice. */
function clean(stderr: string): string {
  return stderr
    .split('\n')
    .map((line) => line.trim().replace(/^(docker: )?(error response from daemon: )?/i, ''))
    .filter(
      (line) => line !== '' && !/^(see '|run '|warning:|usage:)/i.test(line) && !/^[0-9a-f]{64}$/.test(line),
    )
    .join(' ')
    .slice(0, 1000)
}
