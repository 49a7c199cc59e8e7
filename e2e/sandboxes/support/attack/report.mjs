// What an attack found, and how much it looked at: an attack that looked at nothing finds nothing either.
import { readFileSync } from 'node:fs'

const found = new Set()
const looked = {}

/** What the test told: the secrets to look for, written backwards so that no copy of them is a hit. */
export const given = JSON.parse(readFileSync(new URL('given.json', import.meta.url), 'utf8'))

export const me = process.getuid()

/** Each secret in every form in which it may lie in a file or in memory. */
const needles = Object.entries(given.secrets).flatMap(([name, backwards]) => {
  const bytes = Buffer.from([...backwards].reverse().join(''), 'latin1')
  const forms = [bytes, Buffer.from(bytes.toString('latin1'), 'utf16le')]
  for (const form of ['base64', 'hex']) forms.push(Buffer.from(bytes.toString(form).replace(/.?=*$/, '')))
  return forms.map((form) => ({ name, form }))
})

/** Notes something that should not have worked. */
export function find(text) {
  found.add(text)
}

/** Notes that something was looked at. */
export function count(what, amount = 1) {
  looked[what] = (looked[what] ?? 0) + amount
}

/** Notes which secrets are in these bytes. */
export function search(bytes, where) {
  for (const { name, form } of needles) if (bytes.includes(form)) find(`${name} in ${where}`)
}

/** Runs something that is expected to be refused; what it gives, or undefined. */
export function attempt(run) {
  try {
    return run()
  } catch {
    return undefined
  }
}

export function printReport() {
  const findings = [...found].sort()
  console.log(`attack: ${JSON.stringify({ findings: findings.slice(0, 200), looked })}`)
}
