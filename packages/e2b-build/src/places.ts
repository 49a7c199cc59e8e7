/** Where the application is in a template, without the leading slash. */
export const APP = 'opt/claude-agent-server'

/** The start scripts: the one that the image has too, and the one of templates, which goes before it. */
export const START = {
  shared: 'usr/local/bin/start-claude-agent-server',
  template: `${APP}/start-template`,
} as const
