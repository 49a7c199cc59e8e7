/** Packages that `apt-get` of the double knows; the programs are those of this machine. */
const KNOWN_PACKAGES: readonly string[] = [
  'ca-certificates',
  'git',
  'procps',
  'ripgrep',
  'tini',
  'util-linux',
  'jq',
]

/** Stands in for apt-get, which would want the internet: fails for packages that it does not know, and installs nothing. */
export const APT_GET = `#!/bin/sh
[ "$1" = install ] || exit 0
shift
for word in "$@"; do
  case " ${KNOWN_PACKAGES.join(' ')} " in
    *" $word "*) echo "$word (of this machine)" ;;
    *) case "$word" in -*) ;; *) echo "E: Unable to locate package $word" >&2; exit 100 ;; esac ;;
  esac
done
`

/**
 * Stands in for `npm ci --omit=dev --workspace=…`: takes what the lock file names from the repository's own node_modules
 * (seen as /.double) instead of a registry, and fails where the versions differ.
 */
export const NPM = String.raw`#!/usr/local/bin/node
const { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } = require('node:fs')
const { dirname, join, relative } = require('node:path')
const fail = (text) => { console.error('npm error ' + text); process.exit(1) }
const args = process.argv.slice(2)
if (args[0] !== 'ci' || !args.includes('--omit=dev')) fail('the double knows npm ci --omit=dev only')
const wanted = args.find((arg) => arg.startsWith('--workspace='))?.slice('--workspace='.length) ?? fail('no workspace')
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
for (const [place, { link }] of Object.entries(packages)) {
  const folder = place === '' ? '.' : place
  if (link || place.includes('node_modules/')) continue
  if (!existsSync(join(folder, 'package.json'))) fail('Missing: ' + folder + '/package.json')
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'])
    for (const [name, range] of Object.entries(manifest[kind] ?? {}))
      if (packages[place][kind]?.[name] !== range) fail('Invalid: lock file does not satisfy ' + name + '@' + range)
}
const find = (from, name) => {
  for (let place = from; ; place = place.includes('/') ? dirname(place) : '') {
    const at = (place === '' ? '' : place + '/') + 'node_modules/' + name
    if (packages[at] !== undefined) return at
    if (place === '') return undefined
  }
}
const seen = new Set()
const add = (place) => {
  if (seen.has(place)) return
  seen.add(place)
  const { link, resolved, version } = packages[place]
  if (link) {
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(relative(dirname(place), resolved), place)
    return add(resolved)
  }
  if (place.includes('node_modules/')) {
    const source = join('/.double', place)
    const name = place.slice(place.lastIndexOf('node_modules/') + 13)
    const found = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')).version
    if (found !== version) fail(place + ' is ' + found + ' here, and ' + version + ' in the lock file')
    // The CLI is big: it is mounted in its place whenever somebody enters.
    if (name.startsWith('@anthropic-ai/claude-agent-sdk-')) mkdirSync(place, { recursive: true })
    else cpSync(source, place, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.slice(source.length).includes('/node_modules') })
  }
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = packages[place]
  for (const name of Object.keys({ ...peerDependencies, ...dependencies, ...optionalDependencies })) {
    const at = find(place, name)
    const isOptional = name in optionalDependencies || peerDependenciesMeta[name]?.optional
    if (at === undefined || (!packages[at].link && !existsSync(join('/.double', at)))) {
      if (isOptional) continue
      fail(name + ' of ' + place + ' is missing')
    }
    if (!(name in peerDependencies) || !isOptional) add(at)
  }
}
add(find('', wanted) ?? fail('No workspaces found: ' + wanted))
console.log('added ' + seen.size + ' packages')
`
