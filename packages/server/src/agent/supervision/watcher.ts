import { spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import { MARK_VARIABLE } from './marks.ts'

/** A process that outlives the server for a moment. */
export interface Watcher {
  /** Lets it look a last time and end. */
  release(): void
}

/**
 * A small shell that waits on a pipe. When the server is gone, however it went, it kills what is in the group, if there
 * is one, and what carries the mark. It is in a session of its own, so that Ctrl-C does not reach it.
 */
export function startWatcher(mark: string, group = ''): Watcher | undefined {
  if (process.platform !== 'linux') return undefined
  const args = ['-c', SCRIPT, 'claude-agent-watcher', `${MARK_VARIABLE}=${mark}`, group]
  const watcher = spawn('/bin/sh', args, {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
  })
  watcher.on('error', (error) =>
    console.error(`No watcher: a killed server would leave its agents. ${error.message}`),
  )
  watcher.stdin.on('error', () => {})
  watcher.unref()
  ;(watcher.stdin as Writable & { unref?: () => void }).unref?.()
  return { release: () => watcher.stdin.end() }
}

// The same as `endGroup` and `killMarked`, with what every system has: sh, grep, sleep, rmdir. Its own environment has
// no mark, and it is not in the group.
const SCRIPT = `
trap '' INT TERM HUP
while read -r _; do :; done

end_group() {
  if [ -e "$1/cgroup.kill" ]; then
    echo 1 > "$1/cgroup.kill"
  else
    while read -r id; do [ "$id" -gt 1 ] && kill -9 "$id"; done < "$1/cgroup.procs"
  fi
  for below in "$1"/*/; do [ -d "$below" ] && end_group "\${below%/}"; done
  rmdir "$1"
}

find_marked() {
  ids=' ' sessions=' ' table=
  for file in $(grep -lsF -- "$1" /proc/[0-9]*/environ); do
    id=\${file#/proc/}
    ids="$ids\${id%/environ} "
  done
  [ "$ids" = ' ' ] && return 1
  for file in /proc/[0-9]*/stat; do
    { read -r line < "$file"; } 2>/dev/null || continue
    id=\${file#/proc/}; id=\${id%/stat}
    set -- \${line##*) }
    [ "$4" = 0 ] && set -- $1 $2 $3 none
    table="$table $id:$2:$4"
    case $ids in *" $id "*) [ $4 = none ] || sessions="$sessions$4 " ;; esac
  done
  grown=1
  while [ -n "$grown" ]; do
    grown=
    for row in $table; do
      id=\${row%%:*} rest=\${row#*:}
      case $ids in *" $id "*) continue ;; esac
      case "$ids|$sessions" in
        *" \${rest%%:*} "*"|"* | *"|"*" \${rest#*:} "*)
          ids="$ids$id " grown=1
          [ "\${rest#*:}" = none ] || sessions="$sessions\${rest#*:} " ;;
      esac
    done
  done
}

round=0 left=1
while [ $round -lt 20 ] && [ -n "$left" ]; do
  left=
  [ -n "$2" ] && [ -d "$2" ] && ! end_group "$2" 2>/dev/null && left=1
  if find_marked "$1"; then
    left=1
    for id in $ids; do [ "$id" = 1 ] || [ "$id" = $$ ] || kill -9 "$id" 2>/dev/null; done
  fi
  [ -n "$left" ] && sleep 0.05
  round=$((round + 1))
done
`
