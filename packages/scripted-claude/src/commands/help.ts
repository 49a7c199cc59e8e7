export const defaultPort = 8089

export const helpText = `scripted-claude: a scripted Anthropic Messages API. Not Claude; no key, no network.

Usage: scripted-claude [--script file] [--port number] [--host address]
       scripted-claude record --cassette file [--upstream url] [-- command ...]
       scripted-claude replay --cassette file [-- command ...]
       scripted-claude assert --cassette file [--all] [-- command ...]

  --script <file>      JSON script, or a JavaScript module with a default export (default: the demo)
  --on-unmatched <way> what a request gets that no rule fits: error or text (default: error)

record passes everything on to the real API and writes down what it answers, without keys and account data; replay
answers from that; assert does too, and ends with exit code 1 if something was asked that was not recorded. A command
after -- runs with ANTHROPIC_BASE_URL set; without one they run until SIGINT or SIGTERM.

  --cassette <file>    the recording
  --upstream <url>     the real API (default: https://api.anthropic.com)
  --redact <pattern>   regular expression; what fits is removed, and does not count in matching. Repeatable
  --pauses             record the pauses between events
  --no-pauses          replay without pauses, recorded or asked for by retry-after
  --match <way>        loose or strict (default: loose)
  --on-used-up <way>   what a request gets whose recordings were all played: error or repeat (default: error)
  --all                assert that every recording is played, too

  --port <number>      TCP port, 0 for any free one (default: ${defaultPort}, with a command any free one)
  --host <address>     address to listen on (default: 127.0.0.1)
  --verbose            print one line per request
  --version            print the version
  --help               print this

Point a client at it:
  ANTHROPIC_BASE_URL=http://127.0.0.1:${defaultPort} ANTHROPIC_API_KEY=any claude -p "hello"
`
