import { ClaudeAgentClient } from '@claude-agent/client'

/** Writes a file of the workspace. Loaded on demand: only the examples need it. */
export async function writeWorkspaceFile(
  { url, token }: { url: string; token: string | undefined },
  path: string,
  content: string,
): Promise<void> {
  await new ClaudeAgentClient({ connectionUrl: url, token }).writeFile(path, content)
}
