import * as z from 'zod/mini'
import { amount, exactly, flag, refused, text, texts } from './schema-parts.ts'

const PROGRAM = 'It names a program that Claude Code starts by itself, beside the permissions of the agent.'

const filled = text.check(z.minLength(1))
const credential = { mode: z.enum(['deny', 'mask']), injectHosts: z.optional(texts) }

// Claude Code checks regular expressions and pairs of names here, and an error in them would make it drop all settings.
const credentials = z.strictObject({
  files: z.optional(z.array(z.strictObject({ path: filled, ...credential }))),
  envVars: z.optional(
    z.array(
      z.strictObject({
        name: text.check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable')),
        ...credential,
      }),
    ),
  ),
  allowPlaintextInject: z.optional(flag),
})

/** `sandbox` and `settings.sandbox`: how the commands of the agent are confined. */
export const sandbox = exactly({
  enabled: flag,
  failIfUnavailable: flag,
  autoAllowBashIfSandboxed: flag,
  allowUnsandboxedCommands: flag,
  network: exactly({
    allowedDomains: texts,
    deniedDomains: texts,
    strictAllowlist: flag,
    allowManagedDomainsOnly: flag,
    allowUnixSockets: texts,
    allowAllUnixSockets: flag,
    allowLocalBinding: flag,
    allowMachLookup: texts,
    httpProxyPort: amount,
    socksProxyPort: amount,
    tlsTerminate: exactly({ caCertPath: text, caKeyPath: text }),
  }),
  filesystem: exactly({
    allowWrite: texts,
    denyWrite: texts,
    denyRead: texts,
    allowRead: texts,
    allowManagedReadPathsOnly: flag,
    disabled: flag,
  }),
  credentials,
  ignoreViolations: z.record(z.string(), texts),
  enableWeakerNestedSandbox: flag,
  allowNestedUserNamespaces: flag,
  enableWeakerNetworkIsolation: flag,
  allowAppleEvents: flag,
  excludedCommands: texts,
  ripgrep: refused(PROGRAM),
  bwrapPath: refused(PROGRAM),
  socatPath: refused(PROGRAM),
})
